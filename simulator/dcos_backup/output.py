"""What goes to standard output and to standard error."""

import json
import os
import re
from collections.abc import Sequence
from typing import Any, Final, TextIO, final

from simulator.dcos_backup.documents import Document, one_line, tidy
from simulator.dcos_backup.errors import CommandError

_HEADERS: Final = ("BACKUP ID", "VERSION", "STATUS", "TIMESTAMP")
_GAP: Final = 5

_KEY_ORDER: Final = ("dcos_version", "id", "component_status", "timestamp", "status", "restores")
"""Of the documented sample of ``dcos backup show``; where ``restores`` stands is inferred."""

_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|([+-]\d\d):(\d\d))", re.ASCII
)
_COLUMNS_USUAL: Final = 80


def table(backups: Sequence[Document]) -> str:
    """Return the table of ``dcos backup list``: no blanks at the end of a line.

    Source: docs, dcos-backup-list (measured). That an empty list shows the headers only is ours.
    """
    rows = [_HEADERS, tuple("-" * len(header) for header in _HEADERS)]
    rows += [_row(backup) for backup in backups]
    widths = [max(len(row[column]) for row in rows) + _GAP for column in range(len(_HEADERS))]
    lines = (
        "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _row(backup: Document) -> tuple[str, ...]:
    version, timestamp = (str(backup.get(key, "")) for key in ("dcos_version", "timestamp"))
    cells = (backup["id"], version, backup["status"], go_time(timestamp))
    return tuple(tidy(cell) for cell in cells)


def go_time(timestamp: str) -> str:
    """Return an RFC 3339 timestamp as Go's ``time.String()`` writes it; anything else as it is."""
    match = _RFC3339.fullmatch(timestamp)
    if match is None:
        return timestamp
    day, clock, fraction, hours, minutes = match.groups()
    kept = (fraction or "")[:9].rstrip("0")
    is_utc = not hours or (hours[1:], minutes) == ("00", "00")
    zone = "+0000 UTC" if is_utc else f"{hours}{minutes} {hours}{minutes}"
    return f"{day} {clock}{'.' if kept else ''}{kept} {zone}"


def ordered(backup: Document) -> Document:
    """Return a backup with its keys in the order of the documented sample, others afterwards."""
    known: Document = {key: backup[key] for key in _KEY_ORDER if key in backup}
    return {**known, **backup}


@final
class Streams:
    """Standard output and standard error; each may be closed, or unable to show a character.

    Args:
        out: None where it is closed.
        err: None where it is closed.
    """

    def __init__(self, out: TextIO | None, err: TextIO | None) -> None:
        self._out = out
        self._err = err
        self._progress_length = 0

    def print_json(self, document: Any) -> None:  # noqa: ANN401 - any JSON
        """Print a document, indented by four."""
        encoding = getattr(self._out, "encoding", None) or "utf-8"
        try:
            text = json.dumps(document, indent=4, ensure_ascii=False)
            try:
                text.encode(encoding)
            except UnicodeEncodeError:
                text = json.dumps(document, indent=4)
        except RecursionError:
            raise CommandError("the answer is nested too deeply to be shown") from None
        self.print(f"{text}\n")

    def print(self, text: str) -> None:
        """Print.

        Raises:
            BrokenPipeError: when nobody reads any more.
            CommandError: when it cannot be written for another reason.
        """
        if not text:
            return
        if self._out is None:
            raise CommandError("the output cannot be written: standard output is closed")
        try:
            self._out.write(_showable(text, self._out))
            self._out.flush()
        except OSError as error:
            _silence(self._out)
            if isinstance(error, BrokenPipeError):
                raise
            raise CommandError(f"the output cannot be written: {error.strerror}") from None

    def complain(self, sentence: str) -> None:
        """Write one sentence to standard error, if it can be."""
        self._write_err(f"{one_line(sentence)}\n")

    def show_progress(self, start: str, name: str, end: str) -> None:
        """Rewrite the progress line, on a terminal only. A long ``name`` is cut to fit."""
        if self._err is None or not self._err.isatty():
            return
        room = _columns(self._err) - 1 - len(start) - len(end)
        if len(name) > room:
            name = f"{name[: max(room - 1, 0)]}…"
        line = f"{start}{name}{end}"
        self._write_err(f"\r{line.ljust(self._progress_length)}")
        self._progress_length = len(line)

    def clear_progress(self) -> None:
        """Remove the progress line, if there is one."""
        if self._progress_length:
            self._write_err(f"\r{' ' * self._progress_length}\r")
            self._progress_length = 0

    def _write_err(self, text: str) -> None:
        if self._err is None:
            return
        try:
            self._err.write(_showable(text, self._err))
            self._err.flush()
        except OSError:
            _silence(self._err)


def _showable(text: str, stream: TextIO) -> str:
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _silence(stream: TextIO) -> None:
    """Let Python's own flush at exit go nowhere: it would complain a second time."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS_USUAL
    except (OSError, ValueError):
        return _COLUMNS_USUAL
