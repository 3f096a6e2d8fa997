"""One request and its answer as an entry of a HAR, without secrets.

Of services other than the backup service and the login, bodies are left out: they hold what nobody
could recognise as a secret, and nothing that a scenario is made of.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from simulator.capture.reading.exchanges import learn_exchange, operation_of
from simulator.capture.recording.answer_reader import Answer, Headers, unpacked
from simulator.capture.recording.har_writer import OPEN_HEADERS
from simulator.capture.secrets.redaction import Redactor
from simulator.clock import as_datetime
from simulator.core.instants import Instant

_LEFT_OUT: Final = "left out: neither of the backup service nor of a login"
_TOO_LONG: Final = "left out: too long"
_UNREADABLE: Final = "left out: in an encoding that cannot be read"

_WRITTEN_OTHERWISE: Final = re.compile(
    r"\\|uid|user|login|email|password|token|secret|key", re.IGNORECASE
)
"""Where JSON hides a character, or the name of a value tells that it is a secret."""

_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request as a client sent it, and what came for it.

    Attributes:
        at: when it came.
        method: as sent.
        url: of the upstream, with path and query as sent.
        version: of HTTP, as sent.
        headers: as they went to the upstream.
        body: as sent; empty for one that is too long to be kept.
        size: how many bytes it had.
        milliseconds: how long all of it took.
        answer: what came.
    """

    at: Instant
    method: str
    url: str
    version: str
    headers: Headers
    body: bytearray = field(default_factory=bytearray)
    size: int = 0
    milliseconds: float = 0.0
    answer: Answer = field(default_factory=Answer)

    @property
    def is_kept(self) -> bool:
        """Whether its bodies are part of a recording."""
        return bool(operation_of(self.url)) or "/auth/" in self.url

    @property
    def sent_text(self) -> str:
        """The body that was sent, as text."""
        return self.body.decode(errors="replace")

    @property
    def answered_text(self) -> str | None:
        """The body of the answer, as text; None where its encoding is not known."""
        plain = unpacked(bytes(self.answer.body), self.answer.header("content-encoding"))
        return None if plain is None else plain.decode(errors="replace")


def learn(exchange: Exchange, redactor: Redactor) -> None:
    """Let a redactor learn all that an exchange gives away."""
    learn_exchange(
        redactor,
        exchange.url,
        exchange.headers,
        exchange.sent_text,
        exchange.answer.headers,
        (exchange.answered_text or "") if exchange.is_kept else "",
    )


def entry_of(exchange: Exchange, redactor: Redactor) -> dict[str, Any]:
    """Return the entry of an exchange that the redactor has learned from."""
    entry: dict[str, Any] = {
        "startedDateTime": _time(exchange.at),
        "time": round(exchange.milliseconds, 3),
        "request": _request(exchange, redactor),
        "response": _response(exchange, redactor),
        "cache": {},
        "timings": {"send": 0, "wait": round(exchange.milliseconds, 3), "receive": 0},
    }
    if exchange.answer.error:
        entry["_error"] = exchange.answer.error
    return entry


def _time(at: Instant) -> str:
    return as_datetime(at).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _request(exchange: Exchange, redactor: Redactor) -> dict[str, Any]:
    url = clean_url(exchange.url, redactor)
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": url,
        "httpVersion": exchange.version,
        "cookies": [],
        "headers": _headers(exchange.headers, url, redactor),
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": exchange.size,
    }
    if exchange.size:
        kind = next((value for name, value in exchange.headers if name.lower() == _TYPE), "")
        data: dict[str, Any] = {"mimeType": redactor.text(kind), "text": ""}
        if not exchange.is_kept:
            data["comment"] = _LEFT_OUT
        elif len(exchange.body) < exchange.size:
            data["comment"] = _TOO_LONG
        else:
            data["text"] = clean_body(exchange.sent_text, kind, redactor)
        request["postData"] = data
    return request


_TYPE: Final = "content-type"


def _response(exchange: Exchange, redactor: Redactor) -> dict[str, Any]:
    answer, url = exchange.answer, clean_url(exchange.url, redactor)
    location = answer.header("location")
    return {
        "status": answer.status,
        "statusText": redactor.text(answer.reason),
        "httpVersion": answer.version,
        "cookies": [],
        "headers": _headers(answer.headers, url, redactor),
        "content": _content(exchange, redactor),
        "redirectURL": clean_url(location, redactor) if location else "",
        "headersSize": -1,
        "bodySize": answer.size if answer.status else -1,
    }


def _content(exchange: Exchange, redactor: Redactor) -> dict[str, Any]:
    answer, kind = exchange.answer, exchange.answer.header(_TYPE)
    content: dict[str, Any] = {"size": answer.size, "mimeType": redactor.text(kind)}
    if not answer.size:
        return {**content, "text": ""}
    if not exchange.is_kept:
        return {**content, "comment": _LEFT_OUT}
    if not answer.is_whole:
        return {**content, "comment": _TOO_LONG}
    text = exchange.answered_text
    if text is None:
        return {**content, "comment": _UNREADABLE}
    return {**content, "size": len(text.encode()), "text": clean_body(text, kind, redactor)}


def _headers(headers: Headers, url: str, redactor: Redactor) -> list[dict[str, str]]:
    return [{"name": name, "value": _header(name, value, url, redactor)} for name, value in headers]


def _header(name: str, value: str, url: str, redactor: Redactor) -> str:
    if name in OPEN_HEADERS:
        return value
    name = name.lower()
    if name == "host":
        return urlsplit(url).netloc
    if name in {"location", "referer", "origin"}:
        return clean_url(value, redactor)
    return redactor.header(name, value)


def clean_url(url: str, redactor: Redactor) -> str:
    """Return a URL without secrets, also where they are written with percent signs."""
    return "".join(
        part if index % 2 else _clean_part(part, redactor)
        for index, part in enumerate(re.split(r"([/?&=]+)", redactor.text(url)))
    )


def _clean_part(part: str, redactor: Redactor) -> str:
    plain = unquote(part.replace("+", " "))
    clean = redactor.text(plain)
    return part if clean == plain else quote(clean, safe="")


def clean_body(text: str, content_type: str, redactor: Redactor) -> str:
    """Return a body without secrets, also where JSON or a form writes them otherwise.

    As long as that makes no difference, it stays written as it was.
    """
    clean = redactor.text(text)
    if content_type.startswith(_FORM):
        return clean_url(clean, redactor)
    if not _WRITTEN_OTHERWISE.search(text):
        return clean
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return clean
    wanted = redactor.value(value)
    try:
        if json.loads(clean) == wanted:
            return clean
    except (ValueError, RecursionError):
        pass
    return json.dumps(wanted, ensure_ascii=False)
