"""Reads text of any kind: what a terminal showed, logs of polls, curl's output, bare JSON.

The text is gone through once. Lines may hold a time, a command, a part of curl's output, the
table of ``dcos backup list``; a JSON value may begin anywhere in a line. Whatever else stands there
is passed over.
"""

import re
from collections.abc import Callable
from typing import Any, Final, final

from simulator.capture.reading.conversation import Conversation, command_start
from simulator.capture.reading.exchanges import is_backup
from simulator.capture.reading.json_in_text import Found, errors_of, found_in, inside, own_time
from simulator.capture.reading.times import go_time, time_in_line, time_in_text
from simulator.capture.secrets.redaction import Redactor
from simulator.capture.sightings import Capture, Document, Sighting
from simulator.core.instants import Instant

_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b[=>()][AB0]?")
_TABLE: Final = re.compile(r"BACKUP ID\s+VERSION\s+STATUS\s+TIMESTAMP\s*")
_ROW: Final = re.compile(r"(\S+)\s{2,}(\S+)\s{2,}(\S+)\s{2,}(\S.*)")
_DASHES: Final = re.compile(r"[-\s]+")
_NOISE: Final = re.compile(
    r"[*>]( |$)|[{}] \[\d+ bytes data\]|\s*%\s+Total|\s+Dload|\s*\d+\s+\d+\s"
)
_STAMP: Final = re.compile(
    r'timestamp\W{1,8}?(\d{4}-\d\d-\d\dT[^"\\\s]+)|STATUS_\w+\s+(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)'
)
_NEAREST: Final = "the nearest to that of the line before, or of the newest backup,"
_BROKEN_MAX: Final = 10_000
"""Values without an end; a text with more of them is none that was captured."""

_DEPTH_MAX: Final = 12
"""Of values around backups in logs that wrap what they have seen."""

OtherValue = Callable[[dict[str, Any], str], bool]
"""Takes a JSON object and where it stands; says whether it knew what to do with it."""


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
        self._talk = Conversation(capture, redactor, "", None)
        self._near: Instant | None = None
        self._broken: list[int] = []
        self._others = 0
        self._end = 0
        self._command = 0

    def read(self, text: str, name: str, at: Instant | None = None) -> int:
        """Read a text; returns how many answers it has held.

        Args:
            text: all of it.
            name: what messages call it.
            at: when it was written, where nothing in it says so.
        """
        self._talk = Conversation(self._capture, self._redactor, name, at)
        self._broken, self._others = [], 0
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = _unquoted(_ANSI.sub("", text))
        self._redactor.study(text)
        self._near = at if at is not None else _newest(text)
        position, line = 0, 1
        is_rest = False
        while position < len(text):
            after = self._take(text, position, line, is_rest=is_rest)
            line += text.count("\n", position, after)
            is_rest = 0 < after < len(text) and text[after - 1] != "\n"
            position = after
        self._talk.close_head()
        self._tell_broken()
        return self._talk.found

    def _take(self, text: str, position: int, number: int, *, is_rest: bool) -> int:
        """Take a line, or what begins in it; returns where to go on."""
        if not is_rest or position > self._end:  # each line is looked at once, however long
            end = text.find("\n", position)
            self._end = len(text) if end < 0 else end
            written = text[position : self._end]
            self._command = position + (0 if self._is_no_json(written) else command_start(written))
        found = None
        if len(self._broken) < _BROKEN_MAX:
            found = found_in(text, position, max(position, self._command))
        if found is not None and not found.is_whole:
            self._broken.append(number)
        if found is not None and found.end > found.start:
            self._take_found(text, position, found, number, is_rest=is_rest)
            return found.end
        page_end = self._talk.take_page(text, position, number)
        return page_end or self._take_line(text, position, number, is_rest=is_rest)

    def _take_line(self, text: str, position: int, number: int, *, is_rest: bool) -> int:
        """Take a line, or the rest of one, without JSON; returns where to go on."""
        end = self._end
        written = text[position:end]
        if position < self._command < end:
            self._note_time(text[position : self._command])
        if _TABLE.fullmatch(written.strip()):
            return self._take_table(text, end + 1, number)
        if is_rest:  # nothing but a command that belongs to something stands behind a value
            self._talk.take_command(written, number)
        elif not self._talk.take_line(written, number):
            self._take_other(written, number)
        return end + 1

    def _is_no_json(self, line: str) -> bool:
        """Whether a line holds none in any case: noise of curl, or a header."""
        return bool(_NOISE.match(line)) or (self._talk.is_in_head and not line.startswith("{"))

    def _take_other(self, line: str, number: int) -> None:
        if _NOISE.match(line):
            return
        at = self._time_in(line)
        if at is None:
            self._talk.take_other(line, number)
        else:
            self._talk.close_head()
            self._talk.at(at)

    def _time_in(self, line: str) -> Instant | None:
        """Return the time that a line tells, perhaps without the day: then that of the line before.

        The first such line is near to the newest backup.
        """
        at = time_in_line(line)
        if at is not None or self._near is None:
            return at
        near = self._talk.now if self._talk.now is not None else self._near
        at = time_in_line(line, near)
        if at is not None:
            self._note(f"{self._talk.name}: times lack the year or the day: {_NEAREST} was taken")
        return at

    def _note_time(self, written: str) -> None:
        """Take note of the time before a value or a command, where there is one."""
        at = self._time_in(written) if written.strip() else None
        if at is not None:
            self._talk.close_head()
            self._talk.at(at)

    def _note(self, note: str) -> None:
        if note not in self._capture.notes:
            self._capture.notes.append(note)

    def _take_table(self, text: str, position: int, number: int) -> int:
        """Take the rows below the headers of a table; returns where to go on."""
        self._talk.close_head()
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
        argument = self._talk.argument_of_list()
        self._talk.add(
            Sighting(
                source=f"{self._talk.name}:{number}",
                at=self._talk.now,
                argument=argument,
                backups=tuple(rows),
                is_summary=True,
            )
        )
        return position

    # --- JSON --------------------------------------------------------------------------------

    def _take_found(
        self, text: str, position: int, found: Found, number: int, *, is_rest: bool
    ) -> None:
        if not is_rest:
            self._note_time(text[position : found.start])
        self._take_value(found.value, number, text[found.start : found.end])

    def _take_value(self, value: Any, number: int, text: str) -> None:  # noqa: ANN401 - JSON
        source = f"{self._talk.name}:{number}"
        if self._talk.is_in_body:
            self._talk.close_head(text)
            return
        if isinstance(value, dict) and self._known(value, source):
            self._talk.found += 1
            return
        before = self._talk.found
        self._take_backups(value, source, self._talk.now, 0)
        errors = errors_of(value)
        if errors:
            self._talk.take_errors(errors, number)
        self._others += self._talk.found == before and bool(value)

    def _take_backups(
        self,
        value: Any,  # noqa: ANN401 - JSON
        source: str,
        at: Instant | None,
        depth: int,
    ) -> None:
        """Take the backups in a value, which may be wrapped in others."""
        if is_backup(value):
            self._talk.shows(value, source, at)
        elif isinstance(value, list) and all(map(is_backup, value)) and (value or depth == 0):
            argument = self._talk.argument_of_list()
            self._talk.add(Sighting(source=source, at=at, argument=argument, backups=tuple(value)))
        elif depth < _DEPTH_MAX:
            at = own_time(value) or at
            for inner in inside(value):
                self._take_backups(inner, source, at, depth + 1)

    def _tell_broken(self) -> None:
        """Say where JSON begins that cannot be read, once for each text."""
        if self._broken:
            first = self._broken[0]
            what = "what stands before and inside it" if self._talk.found else "nothing of it"
            self._capture.notes.append(
                f"{self._talk.name}:{first}: JSON begins here that cannot be read, or ends too "
                f"early; {what} was used"
            )

    @property
    def holds_other_json(self) -> bool:
        """Whether the text read last holds JSON, and none of it is about backups."""
        return bool(self._others) and not self._talk.found


def _unquoted(text: str) -> str:
    """Return what a mail quotes; anything else as it is."""
    lines = text.splitlines()
    is_quoted = all(line.startswith(">") for line in lines if line.strip())
    return "\n".join(line[1:].removeprefix(" ") for line in lines) if is_quoted else text


def _newest(text: str) -> Instant | None:
    """Return the newest time that a backup in a text was made at."""
    stamps = [stamp for groups in _STAMP.findall(text) for stamp in groups if stamp]
    return time_in_text(max(stamps, default=""))
