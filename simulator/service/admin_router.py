"""Admin Router: checks the token, finds the service, writes its own pages, stamps the answer.

Source: dcos/dcos, packages/adminrouter (open source), see docs/fidelity.md. Every request and its
answer go to the journal from here.
"""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, NamedTuple, final
from urllib.parse import unquote

from aiohttp import web

from simulator.core.faults import Asked, Commit, Fault, FaultRule, Shown, is_silent
from simulator.core.instants import Instant
from simulator.core.versions import major_and_minor
from simulator.journal import Exchange, Headers
from simulator.service import pages
from simulator.service.answers import HTML, JSON, Answer
from simulator.service.backup_api import BODY_LIMIT, ROUTES, BackupApi, BackupRequest, Route
from simulator.service.fault_injector import FaultInjector, as_sent
from simulator.service.response import Heads, WireResponse
from simulator.simulation import Simulation

LOCATION: Final = "/system/v1/backup/"
"""Everything below is checked for a token before it is looked at, as it is handed on there."""

REMEMBERED_HEADERS: Final = 64
"""How many different sets of request headers are kept to be shared by journal entries."""

COOKIE: Final = "dcos-acs-auth-cookie"

_HEADER_TOKEN: Final = re.compile(r"token=(.+)")
_HEADER_BEARER: Final = re.compile(r"Bearer (.+)")
_SLASHES: Final = re.compile(r"/{2,}")
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class _Asked(NamedTuple):
    """A request as it is looked at here: its path decoded, and why it may not pass, if so."""

    request: web.BaseRequest
    body: bytes | None
    path: str
    query: str
    route: Route | None
    why_not: str


@final
class AdminRouter:
    """Everything that listens on one cluster's port.

    Args:
        simulation: the cluster behind it.
        token: the one token that is valid.
    """

    def __init__(self, simulation: Simulation, token: str) -> None:
        self._simulation = simulation
        self._token = token
        self._expected = f"token={token}"
        self._version = simulation.dcos_version
        self._server = pages.server_header(self._version)
        self._takes_bearer = major_and_minor(self._version) >= (1, 11)
        self._backup_api = BackupApi(simulation)
        self._heads = Heads(self._server)
        self._known_headers: dict[Headers, Headers] = {}
        self.faults: Final = FaultInjector(self._version)
        self.crash: Exception | None = None

    def refuses(self, *, now: bool) -> None:
        """Take note of whether nobody listens on the port now."""
        self._simulation.is_refusing = now

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request; its whole effect happens at one instant of cluster time."""
        try:
            body = await _read_body(request) if request.body_exists else b""
        except web.HTTPRequestEntityTooLarge:
            body = None
        try:
            response = self._answer_and_record(request, body)
        except Exception as error:
            self.crash = error
            raise
        return response

    def _answer_and_record(
        self, request: web.BaseRequest, body: bytes | None
    ) -> web.StreamResponse:
        with self._simulation.lock:
            path, _, query = request.raw_path.partition("?")
            route = ROUTES.get(path) or ROUTES.get(path := _normalised(path))
            operation = route.operation if route else ""
            now = self._simulation.clock.on_request(Asked(operation, request.method, path))
            asked = _Asked(request, body, path, query, route, self._token_problem(request))
            if self._simulation.faults.uses:
                rules = self._strike(asked, now)
                if rules:
                    return self._struck(asked, rules, now)
            answer = self._answer(asked, now)
            self._record(request, body, answer, now)
        return WireResponse(self._heads.of(answer, now), answer.body)

    # --- faults ------------------------------------------------------------------------------

    def _strike(self, asked: "_Asked", now: Instant) -> tuple[FaultRule, ...]:
        """Return the rules that strike a request; one without a token never gets to the service."""
        operation = asked.route.operation if asked.route and not asked.why_not else ""
        method = asked.request.method
        return self._simulation.strike(Asked(operation, method, asked.path), now)

    def _struck(
        self, asked: "_Asked", rules: Sequence[FaultRule], now: Instant
    ) -> web.StreamResponse:
        """Answer a request that faults strike."""
        silent = next((rule for rule in rules if is_silent(rule.fault)), None)
        faults = [rule.fault for rule in rules]
        is_asked = silent is None or silent.commit is Commit.AFTER
        own = self._answer(asked, now, faults) if is_asked else None
        if own is not None and not own.is_altered:
            idle = [rule for rule in rules if isinstance(rule.fault, Shown)]
            self._simulation.faults.forgive(idle)
            rules = [rule for rule in rules if rule not in idle]
            if not rules:
                self._record(asked.request, asked.body, own, now)
                return WireResponse(self._heads.of(own, now), own.body)
        answer = self.faults.answer(own, rules, asked.route, now)
        self._record(asked.request, asked.body, as_sent(answer, rules), now, rules)
        return self.faults.response(answer, rules, self._heads, now)

    def answer_malformed(
        self, request: web.BaseRequest, status: HTTPStatus, problem: str
    ) -> web.StreamResponse:
        """Answer bytes that could not be read as a request, as nginx does."""
        said = " ".join(problem.split())
        page = pages.error_page(status, self._version)
        answer = Answer(status, page, HTML, f"Admin Router: no HTTP request: {said}")
        with self._simulation.lock:
            now = self._simulation.clock.on_request(Asked("", request.method, request.raw_path))
            self._record(request, b"", answer, now)
        return WireResponse(self._heads.of(answer, now), answer.body)

    def _record(
        self,
        request: web.BaseRequest,
        body: bytes | None,
        answer: Answer,
        now: Instant,
        struck: Sequence[FaultRule] = (),
    ) -> None:
        exchange = Exchange(
            now,
            request.method,
            request.raw_path,
            self._shared(tuple(request.raw_headers)),  # aiohttp has a dict where it read none
            body if body is not None else b"",
            answer.operation,
            int(answer.status),
            answer.body,
            answer.why,
            answer.reply,
            answer.notes,
            answer.fault,
            tuple(struck),
        )
        events = answer.reply.events if answer.reply else ()
        self._simulation.journal.record_all((exchange, *events))

    def _shared(self, headers: Headers) -> Headers:
        """Return equal headers as one object: clients send the same ones again and again."""
        if len(self._known_headers) >= REMEMBERED_HEADERS:
            self._known_headers.clear()
        return self._known_headers.setdefault(headers, headers)

    def _answer(self, asked: "_Asked", now: Instant, faults: Sequence[Fault] = ()) -> Answer:
        route, request = asked.route, asked.request
        if route is None and not asked.path.startswith(LOCATION):
            return self._not_found(asked.path)
        if asked.why_not:
            return self._unauthorized(route.operation if route else "", asked.why_not)
        if not self._simulation.is_permitted(now):
            return self._forbidden(route.operation if route else "")
        if route is None:
            return self._not_found(asked.path)
        content_type = _content_type(request) if route.field else ""
        backup_request = BackupRequest(request.method, asked.query, content_type, asked.body)
        return self._backup_api.answer(route, backup_request, now, faults)

    def _token_problem(self, request: web.BaseRequest) -> str:
        """Say why a request is not let through; empty when it is.

        Source: adminrouter lib/auth/common.lua: an Authorization header wins over the cookie even
        when it holds no token; ``token=`` is looked for first, ``Bearer`` from DC/OS 1.11 on.
        """
        header = request.headers.get("Authorization")
        if not self._simulation.token_is_accepted:
            return "no token is valid any more: they were revoked"
        if header == self._expected:
            return ""
        if header is not None:
            match = _HEADER_TOKEN.search(header)
            if match is None and self._takes_bearer:
                match = _HEADER_BEARER.search(header)
            if match is None:
                return "the Authorization header holds no token"
            given = match[1]
        elif COOKIE in request.cookies:
            given = request.cookies[COOKIE]
        else:
            return "no Authorization header and no cookie"
        return "" if given == self._token else "the token is not valid"

    def _unauthorized(self, operation: str, why_not: str) -> Answer:
        return Answer(
            HTTPStatus.UNAUTHORIZED,
            pages.UNAUTHORIZED,
            f"{HTML}; charset=UTF-8",
            f"Admin Router: {why_not}",
            operation,
            headers={"WWW-Authenticate": "acsjwt"},
        )

    def _forbidden(self, operation: str) -> Answer:
        body, content_type, headers = pages.admin_router_page(HTTPStatus.FORBIDDEN, self._version)
        why = "Admin Router: the user has no permission any more"
        return Answer(HTTPStatus.FORBIDDEN, body, content_type, why, operation, headers=headers)

    def _not_found(self, path: str) -> Answer:
        page = pages.error_page(HTTPStatus.NOT_FOUND, self._version)
        return Answer(HTTPStatus.NOT_FOUND, page, HTML, f"Admin Router: nothing at {path}")


async def _read_body(request: web.BaseRequest) -> bytes:
    """Read the body, from a client that asks first as well (curl does before a long one)."""
    content = request.content
    if content.is_eof() and content.total_bytes <= BODY_LIMIT:
        return content.read_nowait(-1)  # all of it is here already: nearly always
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(_CONTINUE)
        request.writer.output_size = 0  # aiohttp: nothing of the answer itself is sent yet
    return await request.read()


def _content_type(request: web.BaseRequest) -> str:
    """Return the media type without its parameters; empty when there is none."""
    written = request.headers.get("Content-Type", "")
    return written if written in {"", JSON} else request.content_type  # which parses it


def _normalised(path: str) -> str:
    """Decode a path and merge its slashes, as nginx does before it looks for a location."""
    return _SLASHES.sub("/", unquote(path))
