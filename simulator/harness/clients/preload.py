"""Whether a library that is preloaded reaches a program: looked up in the file, nothing is run.

Followed are the first lines of scripts (``#!``), also through ``env``, to the program that the
system really starts. What that program starts in turn is not known.
"""

import os
import shutil
import stat
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, final

_SCRIPTS_MAX: Final = 8
"""Scripts that run scripts; Linux follows five."""

_HEAD_BYTES: Final = 4096
_NAMES_BYTES_MAX: Final = 1024**2

_INTERPRETER: Final = 3
"""The type of the program header that names the dynamic loader."""

_OF_GO: Final = (b".go.buildinfo\0", b".note.go.buildid\0")

_ENV_TAKES_A_WORD: Final = ("-u", "--unset", "-C", "--chdir")


def why_unreachable(word: str, folder: Path, search_path: str, library: Path) -> str:
    """Say why a preloaded library does not reach a program; empty when it does.

    Also empty for what cannot be found or read: starting it will say that better.

    Args:
        word: the program, as the first word of a command line.
        folder: where relative paths start.
        search_path: the PATH for names without a slash.
        library: the library; programs of another kind of machine are out of its reach.
    """
    try:
        program = _started_for(word, folder, search_path)
        if program is None or (elf := _read(program)) is None:
            return ""
        why = _why_not(program, elf, _read(library))
    except (OSError, struct.error):
        return ""
    return f"{_named(word, program)} {why}" if why else ""


def _named(word: str, program: Path) -> str:
    return word if Path(word).name == program.name else f"{word} is run by {program}, which"


def _why_not(program: Path, elf: "_Elf", library: "_Elf | None") -> str:
    of_harness = _read(Path(sys.executable))
    if library and (elf.bits, elf.machine) != (library.bits, library.machine):
        return "is for another kind of machine than libfaketime"
    if elf.is_go:
        return "is written in Go, which asks the system for the time itself: out of reach"
    if not elf.loader:
        return "is statically linked: libfaketime cannot reach it"
    if of_harness and ("musl" in elf.loader) != ("musl" in of_harness.loader):
        return "has another C library than libfaketime"
    if _has_privileges(program):
        return "runs with privileges of its own: the system preloads nothing into it"
    return ""


def _has_privileges(program: Path) -> bool:
    found = program.stat()
    if found.st_mode & stat.S_ISUID and found.st_uid != os.geteuid():
        return True
    if found.st_mode & stat.S_ISGID and found.st_gid != os.getegid():
        return True
    try:
        os.getxattr(program, "security.capability")
    except OSError:
        return False
    return os.geteuid() != 0


# --- from a word to a program ------------------------------------------------------------------


def _started_for(word: str, folder: Path, search_path: str) -> Path | None:
    """Return the file that the system really starts; None when there is none."""
    for _ in range(_SCRIPTS_MAX):
        found = str(folder / word) if "/" in word else shutil.which(word, path=search_path)
        if not found:
            return None
        program = Path(found).resolve()
        with program.open("rb") as opened:
            head = opened.read(_HEAD_BYTES)
        if not head.startswith(b"#!"):
            return program
        interpreter = _interpreter(head)
        if not interpreter:
            return None
        word = interpreter
    return None


def _interpreter(head: bytes) -> str:
    """Return what runs a script; empty when its first line does not say it."""
    first_line = head[2:].partition(b"\n")[0].decode(errors="replace").strip()
    program, _, argument = first_line.partition(" ")
    if Path(program).name != "env":
        return program
    return next(_behind_env(argument), "")


def _behind_env(argument: str) -> Iterator[str]:
    """Yield the words behind the options and variables of ``env``."""
    words = iter(argument.replace("--split-string=", "-S ").replace("-S", "-S ", 1).split())
    for word in words:
        if word in _ENV_TAKES_A_WORD:
            next(words, "")
        elif not word.startswith("-") and "=" not in word:
            yield word


# --- what a program is -------------------------------------------------------------------------


@final
@dataclass(frozen=True, slots=True)
class _Elf:
    """What the headers of an executable say.

    Attributes:
        bits: 32 or 64.
        machine: the number of a kind of processor.
        loader: the path of the dynamic loader; empty for a program that is linked statically.
        is_go: whether Go's compiler made it.
    """

    bits: int
    machine: int
    loader: str
    is_go: bool


@final
@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the headers of an executable keep what is needed here, as formats of ``struct``."""

    bits: int
    header: str
    program: str
    section: str
    program_place: tuple[int, int]
    section_place: tuple[int, int] = (4, 5)


_LAYOUTS: Final = {
    1: _Layout(32, "16xHHIIIIIHHHHHH", "IIIII", "IIIIII", (1, 4)),
    2: _Layout(64, "16xHHIQQQIHHHHHH", "IIQQQQ", "IIQQQQ", (2, 5)),
}


def _read(path: Path) -> _Elf | None:
    """Read the headers of an executable; None for a file that is none."""
    with path.open("rb") as file:
        head = file.read(64)
        layout = _LAYOUTS.get(head[4]) if head.startswith(b"\x7fELF") and len(head) > 5 else None  # noqa: PLR2004 - what is looked at
        if layout is None:
            return None
        order = "<" if head[5] == 1 else ">"
        header = struct.unpack_from(order + layout.header, head)
        _, machine, _, _, programs, sections, _, _, size, count, *of_sections = header
        return _Elf(
            bits=layout.bits,
            machine=machine,
            loader=_loader(file, layout, order, range(programs, programs + size * count, size))
            if size
            else "",
            is_go=_is_go(file, layout, order, sections, *of_sections),
        )


def _loader(file: BinaryIO, layout: _Layout, order: str, places: range) -> str:
    for place in places:
        fields = _fields(file, order + layout.program, place)
        if fields[0] == _INTERPRETER:
            offset, size = (fields[index] for index in layout.program_place)
            file.seek(offset)
            return file.read(min(size, _HEAD_BYTES)).partition(b"\0")[0].decode(errors="replace")
    return ""


def _is_go(
    file: BinaryIO, layout: _Layout, order: str, sections: int, size: int, count: int, names: int
) -> bool:
    """Look for the names of the sections that Go's compiler adds."""
    if not sections or names >= count:
        return False
    fields = _fields(file, order + layout.section, sections + names * size)
    offset, length = (fields[index] for index in layout.section_place)
    file.seek(offset)
    found = file.read(min(length, _NAMES_BYTES_MAX))
    return any(name in found for name in _OF_GO)


def _fields(file: BinaryIO, layout: str, place: int) -> tuple[int, ...]:
    file.seek(place)
    return struct.unpack(layout, file.read(struct.calcsize(layout)))
