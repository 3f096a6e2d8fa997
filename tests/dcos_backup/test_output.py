import errno
import io
import json
from typing import Any

import pytest

from simulator.dcos_backup.errors import CommandError
from simulator.dcos_backup.output import Streams, go_time, ordered, table

DOCUMENTED = {
    "dcos_version": "1.13.0",
    "id": "backup-1-fd4bdc87-889c-48c3-a656-9f8e96474b27",
    "status": "STATUS_READY",
    "timestamp": "2019-03-18T23:06:41.836197172Z",
}


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True


class FullDisk(io.StringIO):
    """A stream that takes nothing."""

    def flush(self) -> None:
        """Fail."""
        raise OSError(errno.ENOSPC, "No space left on device")


def test_the_table_is_the_documented_one() -> None:
    """Byte for byte the sample of dcos-backup-list with one backup."""
    assert table([DOCUMENTED]) == (
        "BACKUP ID                                         VERSION     STATUS           TIMESTAMP\n"
        "---------                                         -------     ------           ---------\n"
        "backup-1-fd4bdc87-889c-48c3-a656-9f8e96474b27     1.13.0      STATUS_READY     "
        "2019-03-18 23:06:41.836197172 +0000 UTC\n"
    )


def test_the_longest_cell_moves_the_columns_after_it() -> None:
    """With STATUS_BACKING_UP the last column begins at 84, as in the sample of create."""
    lines = table([DOCUMENTED, {**DOCUMENTED, "status": "STATUS_BACKING_UP"}]).splitlines()
    assert [line.rindex(word) for line, word in zip(lines, ("TIME", "----"), strict=False)] == [
        84,
        84 + 5,
    ]
    assert [line.index("2019-03-18") for line in lines[2:]] == [84, 84]


def test_an_empty_table_has_its_headers() -> None:
    """Not documented: ours."""
    assert table([]) == (
        "BACKUP ID     VERSION     STATUS     TIMESTAMP\n"
        "---------     -------     ------     ---------\n"
    )


def test_a_cell_cannot_break_the_table() -> None:
    """Control characters become blanks; what is missing is empty."""
    lines = table([{"id": "a\n\x1b[31mb", "status": "STATUS_READY"}]).splitlines()
    assert lines[2:] == ["a [31mb                   STATUS_READY"]


@pytest.mark.parametrize(
    ("timestamp", "shown"),
    [
        ("2019-03-18T23:06:41.836197172Z", "2019-03-18 23:06:41.836197172 +0000 UTC"),
        ("2017-10-23T17:20:18.53351124Z", "2017-10-23 17:20:18.53351124 +0000 UTC"),
        ("2017-10-23T17:20:18.500Z", "2017-10-23 17:20:18.5 +0000 UTC"),
        ("2017-10-23T17:20:18.000Z", "2017-10-23 17:20:18 +0000 UTC"),
        ("2017-10-23T17:20:18Z", "2017-10-23 17:20:18 +0000 UTC"),
        ("2017-10-23T17:20:18+02:00", "2017-10-23 17:20:18 +0200 +0200"),
        ("yesterday", "yesterday"),
        ("", ""),
    ],
)
def test_timestamps_are_shown_as_go_shows_them(timestamp: str, shown: str) -> None:
    """What is no timestamp is shown as it is."""
    assert go_time(timestamp) == shown


def test_keys_are_in_the_order_of_the_sample() -> None:
    """Unknown ones survive, afterwards."""
    given: dict[str, Any] = {"restores": {}, "zeta": [1], "status": "S", "id": "a", "alpha": None}
    assert list(ordered(given)) == ["id", "status", "restores", "zeta", "alpha"]
    assert ordered(given) == given


def test_json_is_readable_where_the_stream_can_show_it() -> None:
    """Elsewhere it is escaped, and still the same JSON."""
    document = {"error": "Datenträger voll"}
    raw = io.BytesIO()
    ascii_only = io.TextIOWrapper(raw, encoding="ascii")
    Streams(ascii_only, None).print_json(document)
    out = io.StringIO()
    Streams(out, None).print_json(document)
    assert out.getvalue() == '{\n    "error": "Datenträger voll"\n}\n'
    assert b"Datentr\\u00e4ger" in raw.getvalue()
    assert json.loads(raw.getvalue()) == document
    ascii_only.close()


def test_output_that_cannot_be_written_is_an_error() -> None:
    """A full disk or a closed stream is no success."""
    with pytest.raises(CommandError, match="No space left on device"):
        Streams(FullDisk(), None).print("text")
    with pytest.raises(CommandError, match="standard output is closed"):
        Streams(None, None).print("text")
    Streams(None, None).print("")


def test_complaints_are_one_line_and_never_fail() -> None:
    """Whatever they quote."""
    err = io.StringIO()
    Streams(None, err).complain("one\ntwo\x1b[0m")
    Streams(None, None).complain("nobody hears")
    Streams(None, FullDisk()).complain("nobody hears")
    assert err.getvalue() == "one two [0m\n"


def test_progress_is_one_line_that_is_rewritten_and_removed() -> None:
    """A shorter line covers the longer one before it; a long name is cut to the width."""
    err = Terminal()
    streams = Streams(None, err)
    streams.show_progress("Backing up ", "nightly", ": STATUS_BACKING_UP, 9 s")
    streams.show_progress("Backing up ", "nightly", ": STATUS_READY, 10 s")
    streams.clear_progress()
    streams.clear_progress()
    assert err.getvalue() == (
        "\rBacking up nightly: STATUS_BACKING_UP, 9 s"
        "\rBacking up nightly: STATUS_READY, 10 s    "
        f"\r{' ' * len('Backing up nightly: STATUS_READY, 10 s')}\r"
    )
    err = Terminal()
    Streams(None, err).show_progress("Restoring ", "x" * 100, ": STATUS_RESTORING, 9 s")
    assert len(err.getvalue()) == 1 + 79
    assert "x…: STATUS_RESTORING" in err.getvalue()


def test_there_is_no_progress_without_a_terminal() -> None:
    """Nothing is written to a file or a pipe."""
    err = io.StringIO()
    streams = Streams(None, err)
    streams.show_progress("Backing up ", "nightly", "")
    streams.clear_progress()
    assert err.getvalue() == ""
