"""Reads text of any kind: what a terminal showed, logs of polls, curl's output, bare JSON.

The text is gone through once. Lines may hold a time, a command, a part of curl's output, the
table of ``dcos backup list``; a JSON value may begin wherever a line, or what follows a time in it,
opens a bracket. Whatever else stands there is passed over.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, final

from simulator.capture.reading.exchanges import (
    Exchanged,
    is_backup,
    learn_exchange,
    operation_of,
    sighting_of,
)
from simulator.capture.reading.times import go_time, http_date, time_in_line, time_in_text
from simulator.capture.secrets.redaction import Redactor
from simulator.capture.sightings import LIST, Capture, Document, Sighting
from simulator.core.instants import Instant

_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07")
_TABLE: Final = re.compile(r"BACKUP ID\s+VERSION\s+STATUS\s+TIMESTAMP\s*")
_ROW: Final = re.compile(r"(\S+)\s{2,}(\S+)\s{2,}(\S+)\s{2,}(\S.*)")
_DASHES: Final = re.compile(r"[-\s]+")
_HEAD: Final = re.compile(r"(< )?HTTP/[\d.]+ (\d{3})(?: .*)?")
_REQUEST: Final = re.compile(r"> ([A-Z]+) (\S+) HTTP/[\d.]+")
_HEADER: Final = re.compile(r"(?:[<>] )?([A-Za-z0-9-]+):[ \t]*(.*)")
_CURL_FAILS: Final = re.compile(r"curl: \((\d+)\)")
_COMMAND: Final = re.compile(r"(?:^|[$#>%]\s*)dcos backup (show|list|restore|create|delete)\b(.*)")
_CURL: Final = re.compile(r"(?:^|[$#>%]\s*)curl\b.*?(?P<url>(?:https?://|\$\{?\w+\}?/)[^\s'\"]+)")
_CURL_DATA: Final = re.compile(r"(?:-d|--data(?:-raw|-binary|-ascii)?)[ =]?(['\"])(.*?)\1")
_CURL_METHOD: Final = re.compile(r"(?:-X|--request)[ =]?['\"]?([A-Z]+)")
_CURL_USER: Final = re.compile(r"(?:-u|--user)[ =]?['\"]?([^\s'\":]+):([^\s'\"]+)")
_CURL_HEADER: Final = re.compile(r"(?:-H|--header)[ =]?(['\"])([\w-]+):\s*(.*?)\1")
_NOISE: Final = re.compile(
    r"[*>]( |$)|[{}] \[\d+ bytes data\]|\s*%\s+Total|\s+Dload|\s*\d+\s+\d+\s"
)
_OPENS: Final = re.compile(r"[{\[]")
_BETWEEN: Final = re.compile(r"[\s,]*(?=[{\[])")

_CURL_TROUBLE: Final = {
    "7": "refused",
    "28": "timeout",
    "52": "closed",
    "56": "reset",
    "18": "cut off",
}
"""Exit codes of curl that say what became of the connection; others mean no answer, too."""

_TIME_KEYS: Final = ("at", "time", "timestamp", "ts", "when", "date", "@timestamp", "captured_at")
_DEPTH_MAX: Final = 12
"""Of values around backups in logs that wrap what they have seen."""

OtherValue = Callable[[dict[str, Any], str], bool]
"""Takes a JSON object and where it stands; says whether it knew what to do with it."""


@dataclass(slots=True)
class _Head:
    """The head of an answer whose body may follow."""

    status: int
    line: int
    is_marked: bool
    headers: dict[str, str] = field(default_factory=dict)
    body: list[str] = field(default_factory=list)
    is_open: bool = True


@final
class TextReader:
    """Reads one text into a capture.

    Args:
        capture: what is read is added to it.
        redactor: learns what is a secret.
        known: takes JSON objects of other kinds, such as entries of a journal.
    """

    def __init__(self, capture: Capture, redactor: Redactor, known: OtherValue) -> None:
        self._capture = capture
        self._redactor = redactor
        self._known = known
        self._name = ""
        self._now: Instant | None = None
        self._asked: Exchanged | None = None
        self._request_headers: list[tuple[str, str]] = []
        self._head: _Head | None = None
        self._found = 0
        self._broken: list[int] = []
        self._others = 0

    def read(self, text: str, name: str, at: Instant | None = None) -> int:
        """Read a text; returns how many answers it has held.

        Args:
            text: all of it.
            name: what messages call it.
            at: when it was written, where nothing in it says so.
        """
        self._name, self._now = name, at
        self._found, self._broken, self._others = 0, [], 0
        text = _unquoted(_ANSI.sub("", text.replace("\r\n", "\n")))
        self._redactor.study(text)
        decoder = json.JSONDecoder()
        position, line = 0, 1
        while position < len(text):
            end = text.find("\n", position)
            end = len(text) if end < 0 else end
            written = text[position:end]
            opening = self._opening(written)
            if opening is not None:
                start = position + opening
                try:
                    value, after = decoder.raw_decode(text, start)
                except (ValueError, RecursionError):
                    self._broken.append(line)
                    value, after = _salvaged(text, start, decoder)
                if after:
                    self._before_value(written[:opening])
                    self._take_value(value, f"{name}:{line}", text[start:after])
                    line += text.count("\n", position, after)
                    rest_end = text.find("\n", after)
                    position = (len(text) if rest_end < 0 else rest_end) + 1
                    line += 1
                    continue
            position = self._take_line(text, position, end, line)
            line += text.count("\n", end, position) if position > end + 1 else 1
        self._close_head()
        self._tell_broken()
        return self._found

    # --- lines -------------------------------------------------------------------------------

    def _opening(self, line: str) -> int | None:
        """Return where a JSON value may begin in a line; None where none does."""
        match = _OPENS.search(line)
        if match is None or _NOISE.match(line):
            return None
        before = line[: match.start()]
        is_alone = not before.strip() or time_in_line(before) is not None
        return (
            match.start()
            if is_alone and not re.match(r"\s*\[?\d", line[match.start() :][:3])
            else None
        )

    def _take_line(self, text: str, position: int, end: int, number: int) -> int:
        """Take a line that holds no JSON; returns where to go on."""
        line = text[position:end]
        if _TABLE.fullmatch(line.strip()):
            return self._take_table(text, end + 1, number)
        head, request = _HEAD.fullmatch(line.strip()), _REQUEST.fullmatch(line.strip())
        if request:
            self._close_head()
            self._ask(request[1], request[2], number)
        elif head:
            self._close_head()
            self._head = _Head(int(head[2]), number, is_marked=bool(head[1]))
        elif self._head is not None and self._head.is_open:
            self._take_header(line)
        elif line.startswith("> ") and (header := _HEADER.fullmatch(line)):
            self._request_headers.append((header[1], header[2]))
            self._redactor.learn_header(header[1], header[2])
        else:
            self._take_other(line, number)
        return end + 1

    def _take_header(self, line: str) -> None:
        head = self._head
        assert head is not None, "a header belongs to a head"
        header = _HEADER.fullmatch(line.rstrip())
        if header:
            head.headers[header[1].lower()] = header[2]
        elif not line.strip() or line.strip() == "<":
            head.is_open = False

    def _take_other(self, line: str, number: int) -> None:
        fails, command, curl = _CURL_FAILS.search(line), _COMMAND.search(line), _CURL.search(line)
        if fails:
            self._fail(_CURL_TROUBLE.get(fails[1], "closed"), number)
        elif curl:
            self._close_head()
            self._take_curl(line, curl["url"], number)
        elif command:
            self._close_head()
            self._take_command(command[1], command[2], number)
        elif (at := time_in_line(line)) is not None and not _NOISE.match(line):
            self._close_head()
            self._now = at
        elif self._head is not None and not _NOISE.match(line):
            self._head.body.append(line)

    def _take_table(self, text: str, position: int, number: int) -> int:
        """Take the rows below the headers of a table; returns where to go on."""
        self._close_head()
        rows: list[Document] = []
        while position < len(text):
            end = text.find("\n", position)
            end = len(text) if end < 0 else end
            line = text[position:end].strip()
            row = _ROW.fullmatch(line)
            if row and not _DASHES.fullmatch(line):
                backup_id, version, status, timestamp = row.groups()
                rows.append(
                    {
                        "dcos_version": version,
                        "id": backup_id,
                        "timestamp": go_time(timestamp),
                        "status": status,
                    }
                )
            elif not _DASHES.fullmatch(line):
                break
            position = end + 1
        prefix = self._prefix()
        source = f"{self._name}:{number}"
        self._add(
            Sighting(
                source=source, at=self._now, argument=prefix, backups=tuple(rows), is_summary=True
            )
        )
        return position

    # --- requests and answers ----------------------------------------------------------------

    def _ask(self, method: str, url: str, number: int, body: str = "") -> None:
        source = f"{self._name}:{number}"
        before = self._asked  # curl's own command, of which -v then shows the request
        if not body and before is not None and operation_of(before.url) == operation_of(url):
            body = before.request_body
        self._asked = Exchanged(
            source=source, at=self._now, method=method, url=url, request_body=body
        )
        self._request_headers = []

    def _take_curl(self, line: str, url: str, number: int) -> None:
        data, method = _CURL_DATA.search(line), _CURL_METHOD.search(line)
        body = data[2] if data else ""
        for user in _CURL_USER.finditer(line):
            self._redactor.learn("user", user[1])
            self._redactor.learn("password", user[2])
        for header in _CURL_HEADER.finditer(line):
            self._redactor.learn_header(header[2], header[3])
        self._redactor.learn_url(url)
        self._redactor.learn_body(body)
        self._ask(method[1] if method else "POST" if body else "GET", url, number, body)

    def _take_command(self, verb: str, rest: str, number: int) -> None:
        words = [word for word in rest.split() if not word.startswith("-")]
        argument = words[0].strip("'\"") if words else ""
        path = f"/system/v1/backup/v1/{verb}"
        if verb in {"show", "list"}:
            self._ask("GET", f"/system/v1/backup/v1/list?prefix={argument}", number)
        elif verb == "create":
            label = re.search(r"--label[ =]['\"]?([^\s'\"]+)", rest)
            body = json.dumps({"label": label[1] if label else ""})
            self._ask("POST", path, number, body)
        else:
            self._ask("POST", path, number, json.dumps({"id": argument}))

    def _prefix(self) -> str:
        """Return the prefix that the command before this asked for, and forget the command."""
        asked, self._asked = self._asked, None
        seen = sighting_of(replace(asked, status=200, body="[]")) if asked else None
        return seen.argument if seen and seen.operation == LIST else ""

    def _close_head(self, body: str | None = None) -> None:
        """End the answer whose head is open, with the body that followed."""
        head, self._head = self._head, None
        if head is None or head.status < 200:  # noqa: PLR2004 - an interim answer
            return
        text = body if body is not None else "\n".join(head.body).strip("\n")
        if body is None and text and "html" in head.headers.get("content-type", ""):
            text += "\n"
        asked = self._asked or Exchanged(
            source="", at=None, method="GET", url="/system/v1/backup/v1/list"
        )
        learn_exchange(
            self._redactor,
            asked.url,
            self._request_headers,
            asked.request_body,
            head.headers,
            text,
        )
        date = http_date(head.headers.get("date", ""))
        seen = sighting_of(
            replace(
                asked,
                source=f"{self._name}:{head.line}",
                at=date if date is not None else self._now,
                status=head.status,
                headers=head.headers,
                body=text,
            )
        )
        self._asked = None
        if seen is not None:
            self._add(seen)

    def _fail(self, trouble: str, number: int) -> None:
        """Take note of an answer that has not come, or only in part."""
        self._head = None
        asked, self._asked = self._asked, None
        if asked is not None:
            seen = sighting_of(
                replace(asked, source=f"{self._name}:{number}", at=self._now, trouble=trouble)
            )
            if seen is not None:
                self._add(seen)

    def _add(self, seen: Sighting) -> None:
        self._found += 1
        self._capture.sightings.append(seen)

    # --- JSON --------------------------------------------------------------------------------

    def _before_value(self, before: str) -> None:
        at = time_in_line(before) if before.strip() else None
        if at is not None:
            self._now = at

    def _take_value(self, value: Any, source: str, text: str) -> None:  # noqa: ANN401 - JSON
        if self._head is not None and not self._head.is_open:
            self._close_head(text)
            return
        if isinstance(value, dict) and self._known(value, source):
            self._found += 1
            return
        before = self._found
        self._take_backups(value, source, self._now, 0)
        self._others += self._found == before and bool(value)

    def _take_backups(
        self,
        value: Any,  # noqa: ANN401 - JSON
        source: str,
        at: Instant | None,
        depth: int,
    ) -> None:
        """Take the backups in a value, which may be wrapped in others."""
        if is_backup(value):
            operation, argument = LIST, value["id"]
            asked, self._asked = self._asked, None
            if asked and (seen := sighting_of(replace(asked, status=200, body=json.dumps(value)))):
                operation, argument = seen.operation, seen.argument
                if operation == LIST:
                    argument = value["id"]
            self._add(
                Sighting(
                    source=source, at=at, operation=operation, argument=argument, backups=(value,)
                )
            )
        elif isinstance(value, list) and all(map(is_backup, value)) and (value or depth == 0):
            prefix = self._prefix()
            self._add(Sighting(source=source, at=at, argument=prefix, backups=tuple(value)))
        elif depth < _DEPTH_MAX:
            at = _own_time(value) or at
            for inner in _inside(value):
                self._take_backups(inner, source, at, depth + 1)

    def _tell_broken(self) -> None:
        """Say where JSON begins that cannot be read, once for each text."""
        if self._broken:
            first = self._broken[0]
            what = "what stands before and inside it" if self._found else "nothing of it"
            self._capture.notes.append(
                f"{self._name}:{first}: JSON begins here that cannot be read, or ends too early; "
                f"{what} was used"
            )

    @property
    def holds_other_json(self) -> bool:
        """Whether the text read last holds JSON, and none of it is about backups."""
        return bool(self._others) and not self._found


def _unquoted(text: str) -> str:
    """Return what a mail quotes; anything else as it is."""
    lines = text.splitlines()
    is_quoted = all(line.startswith(">") for line in lines if line.strip())
    return "\n".join(line[1:].removeprefix(" ") for line in lines) if is_quoted else text


def _salvaged(text: str, start: int, decoder: json.JSONDecoder) -> tuple[list[Any], int]:
    """Return the whole values at the beginning of a list that ends too early, and where they end.

    The end is 0 where there is none.
    """
    values: list[Any] = []
    end = 0
    position = start + 1
    while text[start] == "[" and (match := _BETWEEN.match(text, position)):
        try:
            value, position = decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):
            break
        values.append(value)
        end = position
    return values, end


def _inside(value: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            yield json.loads(value)  # a body that was logged as text
        except (ValueError, RecursionError):
            return


def _own_time(value: Any) -> Instant | None:  # noqa: ANN401 - JSON
    """Return the time that an object around backups tells."""
    if not isinstance(value, Mapping):
        return None
    for key in _TIME_KEYS:
        written = value.get(key)
        if isinstance(written, str):
            at = time_in_text(written) or time_in_line(written)
        elif isinstance(written, (int, float)) and not isinstance(written, bool):
            at = time_in_line(f"{written:.9f}".rstrip("0").rstrip("."))
        else:
            at = None
        if at is not None:
            return at
    return None
