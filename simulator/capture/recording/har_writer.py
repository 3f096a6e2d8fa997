"""Writes a HAR that is whole after each of its entries, so that a killed recorder loses none.

One entry is one line. A new one is written, with the closing brackets behind it, over the closing
brackets of before, in one piece.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, BinaryIO, Final, final

_TAIL: Final = b"\n]}}\n"
_BETWEEN: Final = b",\n"

OPEN_HEADERS: Final = frozenset({"Date", "Content-Length", "Content-Type"})
"""Headers that hold no secret, whatever is one elsewhere: a year may be somebody's password."""

_OPEN_KEYS: Final = frozenset({"startedDateTime", "method", "httpVersion", "_error"})
"""Keys of an entry of which the same is true."""


@final
class HarFile:
    """A HAR 1.2 on disk.

    Args:
        path: where; what is there is replaced.

    Raises:
        OSError: when it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self.count = 0
        self._file: BinaryIO = path.open("wb", buffering=0)
        head = json.dumps({"version": "1.2", "creator": _creator()})
        self._begin: Final = f'{{"log":{head[:-1]},"entries":[\n'.encode()
        self._end = len(self._begin)
        self._file.write(self._begin + _TAIL)

    def add(self, entry: Mapping[str, Any]) -> None:
        """Add an entry; the file is valid before and after.

        Raises:
            OSError: when it cannot be written; all before it is still there.
        """
        line = (_BETWEEN if self.count else b"") + _line(entry)
        try:
            self._write(line + _TAIL)
        except OSError:  # a full disk: what was there fits into its place again
            self._write(_TAIL)
            self._file.truncate()
            raise
        self._end += len(line)
        self.count += 1

    def _write(self, data: bytes) -> None:
        """Write at the end of the entries; an unbuffered file may take less than it is given."""
        self._file.seek(self._end)
        while data:
            data = data[self._file.write(data) :]

    def holds(self, texts: Iterable[str]) -> bool:
        """Whether any of these texts is in the file."""
        written = self.path.read_bytes()
        return any(_line(text)[1:-1] in written for text in texts)

    def rewrite(self, renamed: Callable[[str], str]) -> None:
        """Change every text in the entries; the old file is there until the new one is whole."""
        written = self.path.read_bytes()[len(self._begin) : self._end]
        lines = written.split(_BETWEEN) if self.count else []
        entries = _BETWEEN.join(_line(_renamed(json.loads(line), renamed)) for line in lines)
        new = self.path.with_name(f"{self.path.name}.new")
        new.write_bytes(self._begin + entries + _TAIL)
        new.replace(self.path)
        self._file.close()
        self._file = self.path.open("r+b", buffering=0)
        self._end = len(self._begin) + len(entries)

    def close(self) -> None:
        """Let go of the file, after all of it has reached the disk."""
        if not self._file.closed:
            os.fsync(self._file.fileno())
            self._file.close()


def _creator() -> dict[str, str]:
    try:
        own = version("dcos-backup-simulator")
    except PackageNotFoundError:
        own = "unknown"
    return {"name": "dcos-sim record", "version": own}


def _line(value: object) -> bytes:
    """Return a value on one line; only a break between entries is a comma before a new line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _renamed(value: Any, renamed: Callable[[str], str]) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, str):
        return renamed(value)
    if isinstance(value, Mapping):
        is_open = value.get("name") in OPEN_HEADERS
        return {
            key: inner if is_open or key in _OPEN_KEYS else _renamed(inner, renamed)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_renamed(inner, renamed) for inner in value]
    return value
