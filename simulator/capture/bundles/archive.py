"""Zip files as bundles are: the same bytes each time they are written, read as untrusted input.

A zip file that comes from somebody else can name paths anywhere, lie about sizes, grow without end
and nest what it holds. So nothing is ever extracted: entries are read into memory, those with known
names only, and every count and size is bounded by what is really read.
"""

import json
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, Final

from simulator.harness.plain_text import beginning

MIB: Final = 1024 * 1024

ARCHIVE_MAX: Final = 64 * MIB
"""Bytes of a whole archive, as it lies on the disk."""

ENTRY_MAX: Final = 64 * MIB
"""Bytes of one entry."""

TOTAL_MAX: Final = 256 * MIB
"""Bytes of all entries together."""

ENTRIES_MAX: Final = 1_000
"""A file with so many cases is not written by hand."""

NAME_MAX: Final = 200
"""Characters of an entry's name, and of whatever else of it is told."""

DEPTH_MAX: Final = 50
"""Lists and mappings within each other in a JSON text."""

_NEVER: Final = (1980, 1, 1, 0, 0, 0)
"""The first instant that zip files know."""

_END: Final = struct.Struct("<4s4H2LH")
"""The record at the end: signature, disks, entries, size and place of the directory, comment."""

_DIRECTORY_MAX: Final = ENTRIES_MAX * (46 + 2 * NAME_MAX)

_CHUNK: Final = 64 * 1024
_NESTING: Final = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)
"""What Python's ``zipfile`` raises over archives that are damaged or odd."""


class BundleError(ValueError):
    """A bundle that cannot be made or used; the message is one sentence that says why."""


def packed(entries: Mapping[str, bytes]) -> bytes:
    """Return a zip file with these entries in this order; the same entries give the same bytes.

    Raises:
        BundleError: when there is more than could be read again.
    """
    total = sum(map(len, entries.values()))
    if len(entries) > ENTRIES_MAX or max(map(len, entries.values())) > ENTRY_MAX:
        raise BundleError(f"too much for a bundle: {ENTRIES_MAX} files of {_size(ENTRY_MAX)}")
    if total > TOTAL_MAX:
        raise BundleError(f"too much for a bundle: {_size(total)}, and {_size(TOTAL_MAX)} at most")
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name, _NEVER)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, whatever writes it
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, data, compresslevel=9)
    data = buffer.getvalue()
    if len(data) > ARCHIVE_MAX:
        raise BundleError(f"too much for a bundle: {_size(len(data))} when it is packed")
    return data


def unpacked(path: Path, known: re.Pattern[str]) -> dict[str, bytes]:
    """Return what the entries of a zip file hold, by name.

    Args:
        path: of the zip file.
        known: what the whole name of each entry must match.

    Raises:
        BundleError: when it is no zip file, is damaged, or holds what no bundle does.
    """
    data = _bytes_of(path)
    _check_end(data)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check_entries(archive.infolist(), known)
            return dict(_read(archive))
    except BundleError:
        raise
    except _DAMAGE as error:
        why = shown(str(error)) or type(error).__name__
        raise BundleError(f"is damaged: {why}") from None


def json_of(data: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Read a JSON text that may come from anybody.

    Raises:
        ValueError: when it is none, or too deeply nested.
    """
    text = data.decode("utf-8")
    depth = 0
    for match in _NESTING.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        if depth > DEPTH_MAX:
            raise ValueError(f"is nested more than {DEPTH_MAX} deep")
    return json.loads(text)


def shown(text: str) -> str:
    """Return a text of somebody else's in one line, without what a terminal would obey."""
    return beginning(text, NAME_MAX)


def _bytes_of(path: Path) -> bytes:
    if not path.is_file():
        raise BundleError("is no file" if path.exists() else "is not there")
    try:
        with path.open("rb") as file:
            data = file.read(ARCHIVE_MAX + 1)
    except OSError as error:
        raise BundleError(f"cannot be read: {error.strerror}") from None
    if len(data) > ARCHIVE_MAX:
        raise BundleError(f"is larger than {_size(ARCHIVE_MAX)}, which no bundle is")
    return data


def _check_end(data: bytes) -> None:
    """Look at the record at the end before anybody else does: it says how much there is to read."""
    end = len(data) - _END.size
    if not data.startswith(b"PK") or end < 0:
        raise BundleError("is no zip file")
    signature, _, _, _, count, size, _, comment = _END.unpack(data[end:])
    if signature != b"PK\5\6" or comment:
        raise BundleError("is cut off, or has something behind its end")
    if data[max(0, end - 20) : end].startswith(b"PK\6\7"):
        raise BundleError("is a zip64 file, which no bundle is")
    if count > ENTRIES_MAX or size > _DIRECTORY_MAX:
        raise BundleError(f"has more than {ENTRIES_MAX} entries, which no bundle has")


def _check_entries(entries: list[zipfile.ZipInfo], known: re.Pattern[str]) -> None:
    if len(entries) > ENTRIES_MAX:
        raise BundleError(f"has more than {ENTRIES_MAX} entries, which no bundle has")
    seen: set[str] = set()
    for info in entries:
        name = info.orig_filename
        if why := _why_refused(info, known):
            raise BundleError(f"holds {shown(name)!r}, which {why}")
        if name in seen:
            raise BundleError(f"holds {shown(name)!r} twice")
        seen.add(name)


def _why_refused(info: zipfile.ZipInfo, known: re.Pattern[str]) -> str:
    name = info.orig_filename
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if name.startswith(("/", "\\")) or ".." in parts or name[1:2] == ":":
        return "leads out of the folder that it would be unpacked in"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if stat.S_ISLNK(kind):
        return "is a link"
    if kind not in {0, stat.S_IFREG}:
        return "is no file"
    if len(name) > NAME_MAX or not known.fullmatch(name):
        return "no bundle holds"
    if info.flag_bits & 1:
        return "is encrypted"
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return "is compressed in a way that no bundle is"
    return ""


def _read(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    """Read every entry; what counts is how much comes, not what a header says."""
    total = 0
    for info in archive.infolist():
        data = bytearray()
        with archive.open(info) as stream:
            while chunk := stream.read(_CHUNK):
                data += chunk
                if len(data) > ENTRY_MAX:
                    raise BundleError(f"holds {info.filename!r} with more than {_size(ENTRY_MAX)}")
                if total + len(data) > TOTAL_MAX:
                    raise BundleError(f"holds more than {_size(TOTAL_MAX)}")
        total += len(data)
        yield info.filename, bytes(data)


def _size(count: int) -> str:
    return f"{count / MIB:.0f} MiB"
