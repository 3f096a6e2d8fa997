"""Reads HAR files, as browsers, proxies and this command's own ``record`` write them.

They can be very large, so they are read entry by entry, and only what is about the backup service
is kept.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import IO, Any, Final

from simulator.capture.reading.exchanges import Exchanged, learn_exchange, operation_of, sighting_of
from simulator.capture.reading.pace import Moment, cluster_times
from simulator.capture.reading.times import http_date, time_in_text
from simulator.capture.secrets.redaction import Redactor
from simulator.capture.sightings import Capture
from simulator.core.instants import Instant

_TROUBLES: Final = {
    "REFUSED": "refused",
    "RESET": "reset",
    "EMPTY_RESPONSE": "closed",
    "TIMED_OUT": "timeout",
    "TIMEOUT": "timeout",
    "INCOMPLETE": "cut off",
    "CONTENT_LENGTH_MISMATCH": "cut off",
}
"""Words in the error that a browser notes beside a request without an answer."""


def read_har(file: IO[bytes], name: str, capture: Capture, redactor: Redactor) -> int:
    """Read a HAR file; returns how many exchanges with the backup service it has held.

    A file that ends too early is used as far as it goes; a note says so.
    """
    moments: list[Moment | None] = []
    first, total = len(capture.sightings), 0
    try:
        for entry in _entries(file):
            total += 1
            if isinstance(entry, Mapping) and _take(entry, f"{name}#{total}", capture, redactor):
                moments.append(_moment(entry))
    except ValueError:
        capture.notes.append(
            f"{name}: the HAR ends too early or is damaged after entry {total}; "
            "what stands before was used"
        )
    _ask_the_cluster(capture, first, moments, name)
    return len(moments)


def _ask_the_cluster(capture: Capture, first: int, moments: list[Moment | None], name: str) -> None:
    """Take times from the answers' dates, where the cluster's time ran at another pace."""
    known = [each for each in moments if each is not None]
    times = cluster_times(known) if len(known) == len(moments) else None
    if times is None:
        return
    own = capture.sightings[first:]
    capture.sightings[first:] = [replace(seen, at=at) for seen, at in zip(own, times, strict=True)]
    capture.notes.append(
        f"{name}: the cluster's time ran at another pace than that of the capture: times were "
        "taken from the Date of the answers, which has whole seconds"
    )


def _moment(entry: Mapping[str, Any]) -> Moment | None:
    """Return when an exchange was; None where that is not noted."""
    asked = time_in_text(_text(entry, "startedDateTime"))
    if asked is None:
        return None
    lasted = entry.get("time")
    milliseconds = lasted if isinstance(lasted, (int, float)) and 0 <= lasted < 1e12 else 0  # noqa: PLR2004 - years
    headers = _headers(_mapping(entry, "response"))
    date = next((value for key, value in headers if key.lower() == "date"), "")
    return Moment(asked, Instant(asked + int(milliseconds * 1_000_000)), http_date(date))


def _entries(file: IO[bytes]) -> Iterator[Any]:
    import ijson  # noqa: PLC0415 - only where a HAR is read

    try:
        yield from ijson.items(file, "log.entries.item", use_float=True)
    except ijson.JSONError as error:
        raise ValueError(str(error)) from None


def _take(entry: Mapping[str, Any], source: str, capture: Capture, redactor: Redactor) -> bool:
    """Learn what an entry gives away; keep it where it is about the backup service."""
    request, response = _mapping(entry, "request"), _mapping(entry, "response")
    url = _text(request, "url")
    posted = _mapping(request, "postData")
    request_body = _posted(posted)
    headers = _headers(response)
    body = _body(
        _mapping(response, "content"), is_wanted=bool(operation_of(url)) or "/auth/" in url
    )
    for address in ("serverIPAddress", "connection", "_clientAddress"):
        redactor.learn("address", _text(entry, address).strip("[]"))
    for part in (request, response):
        for cookie in _listed(part, "cookies"):
            redactor.learn_header("cookie", f"{_text(cookie, 'name')}={_text(cookie, 'value')}")
            redactor.learn_host(_text(cookie, "domain").lstrip("."))
    for given in (*_listed(request, "queryString"), *_listed(posted, "params")):
        redactor.study_value({_text(given, "name"): _text(given, "value")})
    learn_exchange(redactor, url, _headers(request), request_body, headers, body)
    status = response.get("status")
    said = f"{_text(response, '_error')} {_text(entry, '_error')} {_text(response, 'statusText')}"
    trouble = next((what for word, what in _TROUBLES.items() if word in said.upper()), "")
    seen = sighting_of(
        Exchanged(
            source=source,
            at=time_in_text(_text(entry, "startedDateTime")),
            method=_text(request, "method"),
            url=url,
            request_body=request_body,
            status=status if isinstance(status, int) and status > 0 else 0,
            headers={name.lower(): value for name, value in headers},
            body=body,
            trouble=trouble if not status or trouble == "cut off" else "",
        )
    )
    if seen is not None:
        capture.sightings.append(seen)
    return seen is not None


def _body(content: Mapping[str, Any], *, is_wanted: bool) -> str:
    if not is_wanted:
        return ""
    text = _text(content, "text")
    if content.get("encoding") != "base64":
        return text
    try:
        return base64.b64decode(text).decode(errors="replace")
    except (binascii.Error, ValueError):
        return ""


def _headers(part: Mapping[str, Any]) -> list[tuple[str, str]]:
    listed = _listed(part, "headers")
    return [(_text(header, "name"), _text(header, "value")) for header in listed]


def _listed(part: Mapping[str, Any], key: str) -> list[Any]:
    given = part.get(key)
    return given if isinstance(given, list) else []


def _posted(data: Mapping[str, Any]) -> str:
    text = _text(data, "text")
    return _body(data, is_wanted=True) if data.get("encoding") == "base64" else text


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, Mapping) else {}


def _text(value: Any, key: str) -> str:  # noqa: ANN401 - whatever a HAR holds
    inner = value.get(key) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, str) else ""
