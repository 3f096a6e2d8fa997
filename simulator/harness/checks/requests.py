"""REQ: one request is well-formed. What the documents leave open is no error.

Sources are the public documents (backup-restore.yaml, the pages on Admin Router and on
authentication) and Admin Router's open source; see docs/fidelity.md.
"""

from typing import Final

from simulator.harness.checks.check import Check, Severity
from simulator.harness.checks.conduct import FIELDS, METHODS, Conduct, NoJson, Request, Sent
from simulator.harness.plain_text import beginning, written

COOKIE: Final = "dcos-acs-auth-cookie="

_ARGUMENTS: Final = {
    ("create", "create"),
    ("backup", "create"),
    ("restore", "restore"),
    ("delete", "delete"),
}
"""What a client was asked for, and the request that carries the label or id given then."""


def _to_service(conduct: Conduct) -> tuple[Sent, ...]:
    return conduct.to_service


def _to_routes(conduct: Conduct) -> tuple[Sent, ...]:
    return conduct.to_routes


def _with_bodies(conduct: Conduct) -> tuple[Sent, ...]:
    return conduct.with_bodies


def _without_bodies(conduct: Conduct) -> list[Sent]:
    return [sent for sent in conduct.to_routes if sent.request.route == "list"]


def _with_objects(conduct: Conduct) -> list[Sent]:
    return [sent for sent in conduct.with_bodies if isinstance(sent.request.document, dict)]


def _with_arguments(conduct: Conduct) -> list[Sent]:
    return [
        sent
        for sent in conduct.with_bodies
        if sent.call and (sent.call.operation, sent.request.route) in _ARGUMENTS
    ]


def _with_prefixes(conduct: Conduct) -> list[Sent]:
    lists = (sent for sent in conduct.to_routes if sent.request.route == "list")
    return [sent for sent in lists if sent.call and sent.call.operation and sent.request.argument]


# --- where to ------------------------------------------------------------------------------------


def _path(sent: Sent, _: Conduct) -> str | None:
    return None if sent.request.route else f"asked for {beginning(sent.request.path)}"


def _method(sent: Sent, _: Conduct) -> str | None:
    route, method = sent.request.route, sent.request.exchange.method
    if method == METHODS[route]:
        return None
    return f"asked for {route} by {method}; it is {METHODS[route]}"


def _slashes(sent: Sent, _: Conduct) -> str | None:
    return f"asked for {beginning(sent.request.path)}" if "//" in sent.request.path else None


def _query(sent: Sent, _: Conduct) -> str | None:
    allowed = {"prefix"} if sent.request.route == "list" else set()
    unknown = sorted({name for name, _ in sent.request.query} - allowed)
    return f"sent the parameter {unknown[0]!r}" if unknown else None


def _host(sent: Sent, conduct: Conduct) -> str | None:
    host = sent.request.headers.get("host", "")
    if host == conduct.target.url.partition("://")[2]:
        return None
    has_token = conduct.target.token in str(sent.request.headers)
    return f"sent the token to {host or 'a host without a name'}" if has_token else None


# --- what with -----------------------------------------------------------------------------------


def _json(sent: Sent, _: Conduct) -> str | None:
    if isinstance(sent.request.document, dict):
        return None
    body = sent.request.exchange.request_body
    if not body:
        return "sent no body"
    what = "no JSON" if sent.request.document is NoJson.NO_JSON else "JSON, but no object"
    return f"sent {beginning(body.decode(errors='replace'))}: {what}"


def _field(sent: Sent, _: Conduct) -> str | None:
    field = FIELDS[sent.request.route]
    if field not in sent.request.document:
        return f"sent a body without {field!r}"
    value = sent.request.document[field]
    return None if isinstance(value, str) else f"sent {field}: {beginning(written(value))}"


def _more(sent: Sent, _: Conduct) -> str | None:
    more = sorted(set(sent.request.document) - {FIELDS[sent.request.route]})
    return f"sent {more[0]!r} as well" if more else None


def _no_body(sent: Sent, _: Conduct) -> str | None:
    body = sent.request.exchange.request_body
    return f"sent {beginning(body.decode(errors='replace'))} with it" if body else None


def _content_type(sent: Sent, _: Conduct) -> str | None:
    given = sent.request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() == "application/json":
        return None
    return f"said Content-Type: {given}" if given else "said nothing of its type"


def _accept(sent: Sent, _: Conduct) -> str | None:
    given = sent.request.headers.get("accept", "*/*").lower()
    accepts = any(kind in given for kind in ("application/json", "application/*", "*/*"))
    return None if accepts else f"said Accept: {beginning(given)}"


def _accept_by_name(sent: Sent, _: Conduct) -> str | None:
    given = sent.request.headers.get("accept", "")
    if "application/json" in given.lower():
        return None
    return f"said Accept: {beginning(given)}" if given else "sent no Accept"


def _as_asked(sent: Sent, _: Conduct) -> str | None:
    given, asked = sent.request.argument, sent.call.argument if sent.call else ""
    return None if given == asked else f"sent {given!r}, and was given {asked!r}"


def _prefix(sent: Sent, _: Conduct) -> str | None:
    prefix, call = sent.request.argument, sent.call
    assert call is not None, "lists that nobody asked for are not looked at"
    if call.operation not in {"create", "backup"}:
        fits = call.argument.startswith(prefix)
    else:
        start = f"{call.argument}-"
        fits = start.startswith(prefix) or prefix.startswith(start)
    return None if fits else f"asked for {prefix!r}; it is about {call.argument!r}"


# --- who -----------------------------------------------------------------------------------------


def _token(sent: Sent, conduct: Conduct) -> str | None:
    token, headers = conduct.target.token, sent.request.headers
    given = headers.get("authorization")
    if given is not None and given.endswith((f"token={token}", f"Bearer {token}")):
        return None  # Admin Router looks for either anywhere in the header
    if given is not None:
        scheme = beginning(given, 8)
        return f"sent an Authorization that does not hold the token it was given: {scheme}"
    return None if f"{COOKIE}{token}" in headers.get("cookie", "") else "sent no token"


def _scheme(sent: Sent, conduct: Conduct) -> str | None:
    given = sent.request.headers.get("authorization")
    if given is None:
        return "sent it as a cookie" if COOKIE in sent.request.headers.get("cookie", "") else None
    return "sent it as Bearer" if given.endswith(f"Bearer {conduct.target.token}") else None


def _url(sent: Sent, conduct: Conduct) -> str | None:
    return "wrote the token into the URL" if _is_in_url(sent.request, conduct) else None


def _is_in_url(request: Request, conduct: Conduct) -> bool:
    return conduct.target.token in request.exchange.target


def _elsewhere(sent: Sent, conduct: Conduct) -> str | None:
    token = conduct.target.token
    if token.encode() in sent.request.exchange.request_body:
        return "wrote the token into the body"
    for name, value in sent.request.headers.items():
        if name not in {"authorization", "cookie"} and token in value:
            return f"sent the token as {name}, too"
    return None


REQUEST_CHECKS: Final = (
    Check(
        code="REQ001",
        rule="A request names a documented path.",
        why="Other versions of the service know no other; a proxy may answer with a page.",
        looks_at=_to_service,
        problem=_path,
        wrong="GET /system/v1/backup/list → 404",
        right="GET /list → 200",
    ),
    Check(
        code="REQ002",
        rule="A request uses the documented method of its path.",
        why="Most often a redirect has turned a POST into a GET, and nothing was done.",
        looks_at=_to_routes,
        problem=_method,
        wrong='POST /delete {"id": "nightly-1"} → 400',
        right='DELETE /delete {"id": "nightly-1"} → 200',
    ),
    Check(
        code="REQ003",
        rule="The body of a create, restore or delete is a JSON object.",
        why="A delete needs its body, too, which some HTTP libraries drop.",
        looks_at=_with_bodies,
        problem=_json,
        wrong="POST /create label=nightly → 400",
        right='POST /create {"label": "nightly"} → 200',
    ),
    Check(
        code="REQ004",
        rule="The body holds the label or id as text.",
        why="The service refuses anything else.",
        looks_at=_with_objects,
        problem=_field,
        wrong='DELETE /delete {"id": 1} → 400 invalid',
        right='DELETE /delete {"id": "nightly-1"} → 200',
    ),
    Check(
        code="REQ005",
        rule="The body holds nothing that is not documented.",
        why="A service that is stricter than this one refuses it.",
        looks_at=_with_objects,
        problem=_more,
        wrong='POST /create {"label": "nightly", "wait": true} → 200',
        right='POST /create {"label": "nightly"} → 200',
    ),
    Check(
        code="REQ006",
        rule="A body is sent as application/json.",
        why="The documents say that the service takes nothing else.",
        looks_at=_with_bodies,
        problem=_content_type,
        wrong='POST /create {"label": "nightly"} | Content-Type: text/plain → 400',
        right='POST /create {"label": "nightly"} → 200',
    ),
    Check(
        code="REQ007",
        rule="A request accepts application/json.",
        why="The service answers with nothing else.",
        looks_at=_to_routes,
        problem=_accept,
        wrong="GET /list | Accept: text/html → 200",
        right="GET /list → 200",
    ),
    Check(
        code="REQ008",
        rule="A request carries the token that the client was given.",
        why="Without it, Admin Router answers 401, whatever was asked.",
        looks_at=_to_routes,
        problem=_token,
        wrong="GET /list | Authorization: → 401",
        right="GET /list → 200",
    ),
    Check(
        code="REQ009",
        rule="The token is sent as Authorization: token=….",
        why="DC/OS 1.10 does not know Bearer, and a cookie is for browsers.",
        severity=Severity.WARNING,
        looks_at=_to_routes,
        problem=_scheme,
        wrong="GET /list | Authorization: Bearer TOKEN → 200",
        right="GET /list → 200",
    ),
    Check(
        code="REQ010",
        rule="No URL holds the token.",
        why="URLs are written into the logs of every proxy on the way.",
        looks_at=_to_service,
        problem=_url,
        wrong="GET /list?prefix=TOKEN → 200",
        right="GET /list → 200",
    ),
    Check(
        code="REQ011",
        rule="The token is sent in no other place than it has to be.",
        why="Bodies and other headers are logged, stored and handed on.",
        looks_at=_to_service,
        problem=_elsewhere,
        wrong='POST /create {"label": "nightly"} | X-Token: TOKEN → 200',
        right='POST /create {"label": "nightly"} → 200',
    ),
    Check(
        code="REQ012",
        rule="The token is sent to the cluster that it belongs to, and to no other host.",
        why="Whoever can make a redirect has the token then.",
        looks_at=_to_service,
        problem=_host,
        wrong="GET /list | Host: elsewhere.example → 200",
        right="GET /list → 200",
    ),
    Check(
        code="REQ013",
        rule="A query holds nothing but the prefix of a list.",
        why="The service ignores what it does not know: the list is longer than it seems.",
        looks_at=_to_routes,
        problem=_query,
        wrong="GET /list?label=nightly → 200",
        right="GET /list?prefix=nightly → 200",
    ),
    Check(
        code="REQ014",
        rule="Label and id are sent as they were given.",
        why="What is trimmed, cut or changed is about another backup.",
        looks_at=_with_arguments,
        problem=_as_asked,
        wrong='asked: delete nightly-1\nDELETE /delete {"id": "nightly"} → 400 unknown',
        right='asked: delete nightly-1\nDELETE /delete {"id": "nightly-1"} → 200',
    ),
    Check(
        code="REQ015",
        rule="The prefix of a list does not leave out what is looked for.",
        why="A prefix is a mere start of ids: a longer one than was asked for loses backups.",
        looks_at=_with_prefixes,
        problem=_prefix,
        wrong="asked: list night\nGET /list?prefix=night- → 200",
        right="asked: list night\nGET /list?prefix=night → 200",
    ),
    Check(
        code="REQ016",
        rule="A list is asked for without a body.",
        why="Some proxies refuse a GET that has one.",
        looks_at=_without_bodies,
        problem=_no_body,
        wrong='GET /list {"prefix": "nightly"} → 200',
        right="GET /list?prefix=nightly → 200",
    ),
    Check(
        code="REQ017",
        rule="A path has no empty parts.",
        why="Admin Router merges slashes; what stands before it may not.",
        severity=Severity.WARNING,
        looks_at=_to_service,
        problem=_slashes,
        wrong="GET //list → 200",
        right="GET /list → 200",
    ),
    Check(
        code="REQ018",
        rule="A request names application/json in its Accept header.",
        why="The documents say that it must. Only a warning: nothing is known to insist on it.",
        severity=Severity.WARNING,
        looks_at=_to_routes,
        problem=_accept_by_name,
        wrong="GET /list | Accept: */* → 200",
        right="GET /list | Accept: application/json → 200",
    ),
)
