"""What a terminal shows of requests and their answers: commands, curl's output, pages of errors."""

import json
import re
from dataclasses import dataclass, field, replace
from typing import Final, final

from simulator.capture.reading.exchanges import (
    SERVICE,
    Exchanged,
    learn_exchange,
    operation_of,
    sighting_of,
)
from simulator.capture.reading.times import http_date
from simulator.capture.secrets.redaction import Redactor
from simulator.capture.sightings import LIST, OK, Capture, Document, Sighting
from simulator.core.instants import Instant

_HEAD: Final = re.compile(r"(?:< )?HTTP/[\d.]+ (\d{3})(?: .*)?")
_REQUEST: Final = re.compile(r"> ([A-Z]+) (\S+) HTTP/[\d.]+")
_HEADER: Final = re.compile(r"(?:[<>] )?([A-Za-z0-9-]+):[ \t]*(.*)")
_PROMPT: Final = r"(?:^|[$#>%;&|]\s*|\b(?:do|then|time)\s+)"
_COMMAND: Final = re.compile(
    _PROMPT + r"dcos backup (show|list|restore|create|delete)\b([^;&|<>]*)"
)
_CURL: Final = re.compile(_PROMPT + r"curl\b.*?(?P<url>(?:https?://|\$\{?\w+\}?/)[^\s'\"]+)")
_CURL_DATA: Final = re.compile(r"(?:-d|--data(?:-raw|-binary|-ascii)?)[ =]?(['\"])(.*?)\1")
_CURL_METHOD: Final = re.compile(r"(?:-X|--request)[ =]?['\"]?([A-Z]+)")
_CURL_USER: Final = re.compile(r"(?:-u|--user)[ =]?['\"]?([^\s'\":]+):([^\s'\"]+)")
_CURL_HEADER: Final = re.compile(r"(?:-H|--header)[ =]?(['\"])([\w-]+):\s*(.*?)\1")
_CURL_FAILS: Final = re.compile(r"curl: \((\d+)\)")
_CURL_TROUBLE: Final = {
    "7": "refused",
    "28": "timeout",
    "52": "closed",
    "56": "reset",
    "18": "cut off",
}
"""Exit codes of curl that say what became of the connection; others mean no answer, too."""

_PAGE: Final = re.compile(r"[ \t]*<(?:!doctype html|html)\b", re.IGNORECASE)
_PAGE_ENDS: Final = "</html>"
_TITLE: Final = re.compile(r"<title>\s*(?:(\d{3})\b|(Unauthorized)|(Access Denied))", re.IGNORECASE)
_PAGE_MAX: Final = 64_000

_FAILURE: Final = re.compile(
    r"error|fail|denied|unauthori[sz]ed|forbidden|refused|timed? ?out|invalid|\b[45]\d\d\b",
    re.IGNORECASE,
)
_STATUS: Final = re.compile(r"\b[45]\d\d\b")

_AN_ERROR: Final = 500
"""What a body of errors is taken for whose status nobody has seen."""


def command_start(line: str) -> int:
    """Return where a command begins in a line; the length of the line where there is none."""
    starts = [match.start() for each in (_COMMAND, _CURL) if (match := each.search(line))]
    return min(starts, default=len(line))


@dataclass(slots=True)
class _Head:
    """The head of an answer whose body may follow."""

    status: int
    source: str
    headers: dict[str, str] = field(default_factory=dict)
    body: list[str] = field(default_factory=list)
    is_open: bool = True


@final
class Conversation:
    """Puts together what belongs together: a request, and the answer that is shown below it.

    Args:
        capture: what is found is added to it.
        redactor: learns what is a secret.
        name: what messages call the text.
        now: when it was written, where nothing in it says so.
    """

    def __init__(
        self, capture: Capture, redactor: Redactor, name: str, now: Instant | None
    ) -> None:
        self.now = now
        self.name = name
        self.found = 0
        self._capture = capture
        self._redactor = redactor
        self._asked: Exchanged | None = None
        self._is_silent = False
        self._request_headers: list[tuple[str, str]] = []
        self._head: _Head | None = None

    @property
    def is_in_head(self) -> bool:
        """Whether headers of an answer are read."""
        return self._head is not None and self._head.is_open

    @property
    def is_in_body(self) -> bool:
        """Whether the body of an answer is to come, or goes on."""
        return self._head is not None and not self._head.is_open

    def add(self, seen: Sighting) -> None:
        """Add what was seen."""
        self.found += 1
        self._capture.sightings.append(seen)

    # --- lines -------------------------------------------------------------------------------

    def take_line(self, line: str, number: int) -> bool:
        """Take a line of what curl shows, or a command; says whether it is one."""
        head, request = _HEAD.fullmatch(line.strip()), _REQUEST.fullmatch(line.strip())
        if request:
            self.close_head()
            self._ask(request[1], request[2], number)
        elif head:
            self.close_head()
            self._head = _Head(int(head[1]), f"{self.name}:{number}")
        elif self.is_in_head:
            self._take_header(line)
        elif line.startswith("> ") and (header := _HEADER.fullmatch(line)):
            self._request_headers.append((header[1], header[2]))
            self._redactor.learn_header(header[1], header[2])
        else:
            return self.take_command(line, number)
        return True

    def take_command(self, line: str, number: int) -> bool:
        """Take a command, or why curl has failed; says whether a line is such."""
        fails, command, curl = _CURL_FAILS.search(line), _COMMAND.search(line), _CURL.search(line)
        if fails:
            self._fail(_CURL_TROUBLE.get(fails[1], "closed"), number)
        elif curl:
            self._finish()
            self._take_curl(line, curl["url"], number)
        elif command:
            self._finish()
            self._take_dcos(command[1], command[2], number)
        return bool(fails or curl or command)

    def take_other(self, line: str, number: int) -> None:
        """Take any other line: it may be one of a body, or say why dcos backup has failed."""
        if self._is_silent and line.strip():
            self._is_silent = False
            if _FAILURE.search(line):
                self._take_failure(line.strip(), number)
        if self._head is not None:
            self._head.body.append(line)

    def _take_failure(self, line: str, number: int) -> None:
        """Take what dcos backup printed where it says nothing when all is well."""
        status = _STATUS.search(line)
        self._note(f"{self.name}: what the client printed was taken for the service's own words")
        text = re.sub(r"^error:\s*", "", line, flags=re.IGNORECASE)
        body = json.dumps({"errors": [text]})
        self._answer(int(status[0]) if status else _AN_ERROR, body, number)

    def take_page(self, text: str, position: int, number: int) -> int:
        """Take a page of an error that stands there without a head; returns where it ends, or 0."""
        if self._head is not None or not _PAGE.match(text, position):
            return 0
        end = text.find(_PAGE_ENDS, position, position + _PAGE_MAX)
        page = text[position : end + len(_PAGE_ENDS)] if end > 0 else ""
        title = _TITLE.search(page)
        if title is None:
            return 0
        status = int(title[1] or (401 if title[2] else 403))
        self._answer(status, f"{page}\n", number)
        return position + len(page)

    def take_errors(self, body: str, number: int) -> None:
        """Take the documented body of an error that stands there without a head."""
        self._note(f"the status of answers with errors in {self.name}: {_AN_ERROR} was taken")
        self._answer(_AN_ERROR, body, number)

    def _note(self, note: str) -> None:
        if note not in self._capture.notes:
            self._capture.notes.append(note)

    def _answer(self, status: int, body: str, number: int) -> None:
        """Add an answer to what was asked, or else to a list."""
        asked = self._asked or _a_list()
        self._asked = None
        source = f"{self.name}:{number}"
        seen = sighting_of(replace(asked, source=source, at=self.now, status=status, body=body))
        if seen is not None:
            self.add(seen)

    def _take_header(self, line: str) -> None:
        head = self._head
        assert head is not None, "a header belongs to a head"
        header = _HEADER.fullmatch(line.rstrip())
        if header:
            head.headers[header[1].lower()] = header[2]
        elif not line.strip() or line.strip() == "<":
            head.is_open = False

    # --- requests ----------------------------------------------------------------------------

    def _ask(self, method: str, url: str, number: int, body: str = "") -> None:
        source = f"{self.name}:{number}"
        before = self._asked  # curl's own command, of which -v then shows the request
        if not body and before is not None and operation_of(before.url) == operation_of(url):
            body = before.request_body
        self._asked = Exchanged(
            source=source, at=self.now, method=method, url=url, request_body=body
        )
        self._request_headers = []
        self._is_silent = False

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

    def _take_dcos(self, verb: str, rest: str, number: int) -> None:
        words = [word for word in rest.split() if not word.startswith("-")]
        argument = words[0].strip("'\"") if words else ""
        argument = "" if "$" in argument else argument  # nobody knows what stood for it
        if verb in {"show", LIST}:
            self._ask("GET", f"{SERVICE}list?prefix={argument}", number)
            return
        if verb == "create":
            label = re.search(r"--label[ =]['\"]?([^\s'\"]+)", rest)
            body = {"label": label[1] if label else ""}
        else:
            body = {"id": argument}
        self._ask("POST", f"{SERVICE}{verb}", number, json.dumps(body))
        self._is_silent = True

    def argument_of_list(self) -> str:
        """Return the prefix that the command before this asked for, and forget the command."""
        asked, self._asked = self._asked, None
        seen = sighting_of(replace(asked, status=OK, body="[]")) if asked else None
        return seen.argument if seen and seen.operation == LIST else ""

    def shows(self, document: Document, source: str, at: Instant | None) -> None:
        """Add one backup that is shown, as what was asked for it."""
        operation, argument = LIST, document["id"]
        asked, self._asked = self._asked, None
        seen = asked and sighting_of(replace(asked, status=OK, body=json.dumps(document)))
        if seen and seen.operation != LIST:
            operation, argument = seen.operation, seen.argument
        self.add(
            Sighting(
                source=source, at=at, operation=operation, argument=argument, backups=(document,)
            )
        )

    # --- answers -----------------------------------------------------------------------------

    def close_head(self, body: str | None = None) -> None:
        """End the answer whose head is open, with the body that followed."""
        head, self._head = self._head, None
        if head is None or head.status < OK:  # an interim answer
            return
        text = body if body is not None else "\n".join(head.body).strip("\n")
        if body is None and text and "html" in head.headers.get("content-type", ""):
            text += "\n"
        asked = self._asked or _a_list()
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
                source=head.source,
                at=date if date is not None else self.now,
                status=head.status,
                headers=head.headers,
                body=text,
            )
        )
        self._asked = None
        if seen is not None:
            self.add(seen)

    def _finish(self) -> None:
        """End what came before a command: dcos backup says nothing where it has done its work."""
        self.close_head()
        asked, self._asked = self._asked, None
        if asked is not None and self._is_silent:
            seen = sighting_of(replace(asked, status=OK, body=""))
            if seen is not None and seen.argument:
                self.add(replace(seen, is_silent=True))
        self._is_silent = False

    def _fail(self, trouble: str, number: int) -> None:
        """Take note of an answer that has not come, or only in part."""
        self._head = None
        asked, self._asked = self._asked or _a_list(), None
        seen = sighting_of(
            replace(asked, source=f"{self.name}:{number}", at=self.now, trouble=trouble)
        )
        if seen is not None:
            self.add(seen)


def _a_list() -> Exchanged:
    """Return what is asked for where nothing says what was: people poll the list."""
    return Exchanged(source="", at=None, method="GET", url=f"{SERVICE}list")
