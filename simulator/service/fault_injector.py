"""What faults make of an answer: another one, other headers, or a spoilt way to the client."""

from collections.abc import Callable, Sequence
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, final

from aiohttp import web

from simulator.core.faults import (
    CHANGING,
    AnswerWith,
    Cut,
    Deaf,
    FaultRule,
    Garbage,
    Hang,
    Page,
    Part,
    Refuse,
    Skew,
)
from simulator.core.instants import NANOSECONDS_PER_SECOND, Instant, after
from simulator.service import pages
from simulator.service.answers import HTML, JSON, Answer
from simulator.service.backup_api import Route
from simulator.service.delivery import FaultyResponse
from simulator.service.response import Heads
from simulator.service.wire import error_body

WITHOUT_BODY: Final = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
"""A client reads none there: one that is sent would be taken for the next answer."""

NOTHING: Final = Answer(0, b"", "", "")
"""What there is of an answer that the cluster never made."""


OWN_PORT: Final = "{port}"
"""In the address of a redirect, it stands for the port of the cluster itself."""


@final
class FaultInjector:
    """Spoils the answers of one Admin Router.

    Args:
        version: of DC/OS; its parts write different pages.
    """

    def __init__(self, version: str) -> None:
        self._version = version
        self.refuse: Callable[[float], None] = _no_port
        """Closes the port for so many seconds of real time; set by whoever listens."""
        self.leave_unread: Callable[[float], None] = _no_port
        """Lets the next connection wait for so many seconds; set by whoever listens."""
        self.port = 0
        """Where the cluster listens; set by whoever does."""

    def answer(
        self, own: Answer | None, rules: Sequence[FaultRule], route: Route | None, now: Instant
    ) -> Answer:
        """Return what is answered under faults.

        Args:
            own: what the cluster answers; None when it was not asked.
            rules: those that strike.
            route: what was asked for, if it is one of the service's.
            now: cluster time.
        """
        answer = own or NOTHING
        for rule in rules:
            if isinstance(rule.fault, AnswerWith):
                answer = self._page(rule.fault, answer, now)
        operation = route.operation if route else answer.operation
        said = "; ".join(f"{rule.origin}: {rule.fault}" for rule in rules)
        if operation in CHANGING:
            done = own is not None and own.reply is not None and own.reply.refusal is None
            said += f", {operation} {'carried out' if done else 'not carried out'}"
        if own is not None:
            said += f"; the cluster itself: {own.why}"
        return answer._replace(operation=operation, why=said, fault=said)

    def response(
        self, answer: Answer, rules: Sequence[FaultRule], heads: Heads, now: Instant
    ) -> web.StreamResponse:
        """Return the response that brings an answer to the client, or fails to."""
        faults = [rule.fault for rule in rules]
        skew = sum(fault.by for fault in faults if isinstance(fault, Skew))
        for fault in faults:
            if isinstance(fault, Refuse):
                self.refuse(fault.length / NANOSECONDS_PER_SECOND)
            if isinstance(fault, Deaf):
                self.leave_unread(fault.length / NANOSECONDS_PER_SECOND)
        head = heads.of(answer, Instant(now + skew)) if answer.status else b""
        return FaultyResponse(head, answer.body, faults)

    def _page(self, fault: AnswerWith, own: Answer, now: Instant) -> Answer:
        headers = {}
        if fault.location:
            headers["Location"] = fault.location.replace(OWN_PORT, str(self.port))
        if fault.retry_after is not None:
            seconds = fault.retry_after // NANOSECONDS_PER_SECOND
            date = formatdate(after(now, fault.retry_after) // NANOSECONDS_PER_SECOND, usegmt=True)
            headers["Retry-After"] = date if fault.as_date else str(seconds)
        body, content_type, more = self._body(fault)
        return own._replace(
            status=fault.status, body=body, content_type=content_type, headers={**more, **headers}
        )

    def _body(self, fault: AnswerWith) -> tuple[bytes, str, dict[str, str]]:
        if fault.status in WITHOUT_BODY:
            return b"", "", {}
        match fault.page:
            case Page.SERVICE:
                return error_body((fault.text or "something went wrong",)), JSON, {}
            case Page.MARATHON:
                return pages.marathon_page(fault.status, fault.text), HTML, {}
            case Page.TEXT:
                return fault.text.encode(), "text/plain", {}
            case Page.EMPTY:
                return b"", "", {}
            case Page.ADMIN_ROUTER:
                return pages.admin_router_page(fault.status, self._version)


def _no_port(seconds: float) -> None:
    raise AssertionError(f"nobody listens, so nobody waits for {seconds} s")


def as_sent(answer: Answer, rules: Sequence[FaultRule]) -> Answer:
    """Return what the client gets to see of an answer, for the journal."""
    for rule in rules:
        match rule.fault:
            case Cut(after=Part.NOTHING) | Garbage() | Hang() | Refuse():
                return answer._replace(status=0, body=b"")
            case Cut(after=Part.HEAD):
                return answer._replace(body=b"")
            case Cut():
                return answer._replace(body=answer.body[: len(answer.body) // 2])
    return answer
