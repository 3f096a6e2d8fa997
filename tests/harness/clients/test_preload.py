"""What a preloaded library reaches is looked up in the program's file."""

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.harness.clients.preload import why_unreachable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="programs of Linux are looked at")

STATIC = "is statically linked: libfaketime cannot reach it"
GO = "is written in Go, which asks the system for the time itself: out of reach"
OTHER_MACHINE = "is for another kind of machine than libfaketime"

LOADER = "/lib64/ld-linux-x86-64.so.2"
X86_64 = 62
ARM_64 = 183


def elf(loader: str = "", section: str = "", machine: int = X86_64) -> bytes:
    """Return the headers of a program of 64 bits: one program header, one section, its name."""
    program, names = 64, 64 + 56 + 64
    loader_at = names + 64
    texts = loader.encode() + b"\0", section.encode() + b"\0"
    kind = 3 if loader else 1
    return (
        b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
        + struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, program, 120, 0, 64, 56, 1, 64, 1, 0)
        + struct.pack("<IIQQQQQQ", kind, 4, loader_at, 0, 0, len(texts[0]), 0, 1)
        + struct.pack("<IIQQQQ", 0, 3, 0, 0, loader_at + len(texts[0]), len(texts[1])).ljust(64)
        + bytes(loader_at - 184)
        + b"".join(texts)
    )


def elf_of_32_bits(loader: str) -> bytes:
    """Return the headers of a program of 32 bits."""
    return (
        b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
        + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, 0, 52, 0, 0, 52, 32, 1, 0, 0, 0)
        + struct.pack("<IIIIIIII", 3, 84, 0, 0, len(loader) + 1, 0, 4, 1)
        + loader.encode()
        + b"\0"
    )


class Folder:
    """Holds programs that nobody runs, and a library to be reached by."""

    def __init__(self, path: Path) -> None:
        """Use this folder."""
        self.path = path
        self.library = self.add("library.so", elf(LOADER))

    def add(self, name: str, content: bytes | str, mode: int = 0o755) -> Path:
        """Write a program."""
        path = self.path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        path.chmod(mode)
        return path

    def why_not(self, word: str) -> str:
        """Say why a program is out of reach; the folder itself is the PATH."""
        return why_unreachable(word, self.path, str(self.path), self.library)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return a folder for programs."""
    return Folder(tmp_path)


def test_a_dynamically_linked_program_is_reached(folder: Folder) -> None:
    """By its path from the folder, or by its name in PATH."""
    folder.add("client", elf(LOADER))
    assert folder.why_not("./client") == folder.why_not("client") == ""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (elf(), STATIC),
        (elf(section=".go.buildinfo"), GO),
        (elf(LOADER, ".note.go.buildid"), GO),
        (elf(LOADER, machine=ARM_64), OTHER_MACHINE),
        (elf_of_32_bits("/lib/ld-linux.so.2"), OTHER_MACHINE),
    ],
    ids=["static", "static Go", "dynamic Go", "another processor", "32 bits"],
)
def test_some_programs_are_out_of_reach(folder: Folder, content: bytes, why: str) -> None:
    """The sentence names the program as its profile does."""
    folder.add("client", content)
    assert folder.why_not("./client") == f"./client {why}"
    assert folder.why_not("client") == f"client {why}"


def test_a_program_with_another_c_library_is_out_of_reach(folder: Folder) -> None:
    """The harness's own Python tells which one libfaketime was made for."""
    folder.add("client", elf("/lib/ld-musl-x86_64.so.1"))
    folder.add("other", elf(LOADER))
    reasons = [folder.why_not(word) for word in ("client", "other")]
    assert min(reasons) == ""
    assert max(reasons).endswith(" has another C library than libfaketime")


def test_a_program_with_privileges_is_out_of_reach(folder: Folder) -> None:
    """The loader preloads nothing that its caller names."""
    client = folder.add("client", elf(LOADER))
    if os.geteuid() == 0:
        os.chown(client, 65534, -1)
        client.chmod(0o4755)
    else:
        pytest.skip("only root can give a program away")
    why = "runs with privileges of its own: the system preloads nothing into it"
    assert folder.why_not("client") == f"client {why}"


@pytest.mark.parametrize(
    "first_line",
    [
        "#!{folder}/interpreter",
        "#! {folder}/interpreter -x",
        "#!/usr/bin/env interpreter",
        "#!/usr/bin/env -S interpreter -x",
        "#!/usr/bin/env -S A=b -u C interpreter -x",
    ],
)
def test_a_script_is_what_runs_it(folder: Folder, first_line: str) -> None:
    """Also through ``env``, which looks into PATH."""
    folder.add("client", first_line.format(folder=folder.path) + "\necho\n")
    folder.add("interpreter", elf(LOADER))
    assert folder.why_not("./client") == ""
    interpreter = folder.add("interpreter", elf())
    assert folder.why_not("./client") == f"./client is run by {interpreter}, which {STATIC}"


@pytest.mark.parametrize(
    "content",
    ["", "echo", "#!\n", "#!/no/such\n", "#!/usr/bin/env\n", "#!client\n", b"\x7fELF\x02", b"\x7f"],
)
def test_what_cannot_be_read_is_not_our_matter(folder: Folder, content: bytes | str) -> None:
    """Starting it says what is wrong with it, or it is run by something that can be reached."""
    folder.add("client", content)
    assert folder.why_not("client") == folder.why_not("missing") == ""


def test_a_script_that_runs_itself_ends_nowhere(folder: Folder) -> None:
    folder.add("client", f"#!{folder.path}/client\n")
    assert folder.why_not("client") == ""


@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed here")
@pytest.mark.parametrize(("option", "why"), [("-static", f"./made {STATIC}"), ("-O0", "")])
def test_programs_of_this_machine_are_told_apart(tmp_path: Path, option: str, why: str) -> None:
    """As its compiler links them."""
    (tmp_path / "made.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")
    line = ["gcc", option, "made.c", "-o", "made"]  # the harness's Python stands for the library
    if subprocess.run(line, cwd=tmp_path, capture_output=True, check=False).returncode:
        pytest.skip(f"gcc cannot link with {option} here")
    assert why_unreachable("./made", tmp_path, "", Path(sys.executable)) == why
