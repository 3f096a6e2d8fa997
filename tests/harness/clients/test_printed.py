import pytest

from simulator.harness.clients.printed import created_value, json_value, table_value
from simulator.harness.ports import Unreadable

ID = "nightly-505df8f2-2ba3-4d7f-b6df-2d2dc344f242"

# --- what create prints ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        (b"", None),
        (b" \n", None),
        (b'{"id": "nightly-1"}\n', {"id": "nightly-1"}),
        (
            b"nightly-505df8f2-2ba3-4d7f-b6df-2d2dc344f242\n",
            "nightly-505df8f2-2ba3-4d7f-b6df-2d2dc344f242",
        ),
        (b"Done\n", None),
        (b'"nightly-1"\n', "nightly-1"),
        (b"Backup nightly-1 has been started.\n", None),
        (b"null", None),
        (b"true", None),
        (b"[1, 2]", None),
        (b"[" * 100_000, None),
        (b"\xff\xfe", None),
    ],
    ids=lambda each: repr(each)[:30],
)
def test_create_may_print_a_document_an_id_or_anything(printed: bytes, value: object) -> None:
    """Words tell nothing: the new backup is then found in the cluster."""
    assert created_value(printed) == value


# --- JSON --------------------------------------------------------------------------------------


def test_json_is_read_whatever_stands_around_it() -> None:
    """Line ends, indentation and text beyond ASCII."""
    assert json_value('\r\n [{"id": "ä"}]\n\n'.encode()) == [{"id": "ä"}]
    assert json_value(b"null") is None


@pytest.mark.parametrize(
    ("printed", "what"),
    [
        (b"", "nothing was printed"),
        (b" \n\t", "nothing was printed"),
        (
            b'[{"id": "a"',
            (
                "what was printed is not JSON "
                '(Expecting \',\' delimiter: line 1 column 12 (char 11)): [{"id": "a"'
            ),
        ),
        (
            b"no\nbackups",
            "what was printed is not JSON (Expecting value: line 1 column 1 (char 0)): no backups",
        ),
        (
            b"\x1b[1m[]",
            "what was printed is not JSON (Expecting value: line 1 column 1 (char 0)): \\x1b[1m[]",
        ),
        (
            b"[]\xff\xfe\x00",
            "what was printed is not UTF-8 text, at byte 2: b'[]\\xff\\xfe\\x00'",
        ),
    ],
)
def test_what_is_no_json_is_quoted(printed: bytes, what: str) -> None:
    """On one line."""
    assert json_value(printed) == Unreadable(what)


@pytest.mark.parametrize("printed", [b"x" * 10_000, b"[" * 100_000, b"\xff" * 10_000])
def test_no_more_than_a_line_is_quoted(printed: bytes) -> None:
    """Of whatever length it is, and however deep."""
    value = json_value(printed)
    assert isinstance(value, Unreadable)
    assert len(value.what) < 300


# --- tables ------------------------------------------------------------------------------------

HEADER = "BACKUP ID     VERSION     STATUS     TIMESTAMP"
DASHES = "---------     -------     ------     ---------"

WIDE = """\
BACKUP ID                VERSION      STATUS                TIMESTAMP
---------                -------      ------                ---------
nightly-1                1.13.0       STATUS_READY          2019-03-18 23:06:41.836197172 +0000 UTC
a-much-longer-label-2    1.10-dev     STATUS_BACKING_UP     2019-03-18 23:06:42 +0000 UTC
"""


def test_a_table_becomes_documents() -> None:
    """Columns are as wide as what stands in them; times become those of the API."""
    documents = [
        {
            "id": "nightly-1",
            "dcos_version": "1.13.0",
            "status": "STATUS_READY",
            "timestamp": "2019-03-18T23:06:41.836197172Z",
        },
        {
            "id": "a-much-longer-label-2",
            "dcos_version": "1.10-dev",
            "status": "STATUS_BACKING_UP",
            "timestamp": "2019-03-18T23:06:42Z",
        },
    ]
    assert table_value(WIDE.encode()) == documents
    without_dashes = [line for line in WIDE.splitlines() if not line.startswith("---")]
    assert table_value("\r\n".join(without_dashes).encode()) == documents
    indented_titles = WIDE.replace("BACKUP ID  ", "  BACKUP ID")
    assert table_value(indented_titles.encode()) == documents


@pytest.mark.parametrize("printed", ["", "\n\n", HEADER, f"{HEADER}\n{DASHES}\n"])
def test_a_table_may_be_empty(printed: str) -> None:
    """Titles without rows, or nothing at all."""
    assert table_value(printed.encode()) == []


def test_a_row_may_be_incomplete() -> None:
    """What stands there is read as it is, for an expectation to find it wrong."""
    (document,) = table_value(f"{HEADER}\n{DASHES}\nnightly-1     1.13".encode())
    assert document == {"id": "nightly-1", "dcos_version": "1.13", "status": "", "timestamp": ""}


@pytest.mark.parametrize("time", ["yesterday", "2019-03-18 23:06:42 CET", "2019-03-18T23:06:42Z"])
def test_a_time_that_go_would_not_write_stays_as_it_is(time: str) -> None:
    """Nothing is guessed."""
    (document,) = table_value(f"{HEADER}\nnightly-1     1.13        READY      {time}".encode())
    assert document["timestamp"] == time


@pytest.mark.parametrize(
    ("written", "time"),
    [
        ("2019-03-18 23:06:42.5 +0000 UTC", "2019-03-18T23:06:42.5Z"),
        ("2019-03-18 23:06:42 +0100 CET", "2019-03-18T23:06:42+01:00"),
        ("2019-03-18 23:06:42 -0330 -0330", "2019-03-18T23:06:42-03:30"),
    ],
)
def test_a_time_as_go_writes_it_is_read(written: str, time: str) -> None:
    """With the offset that it has, whatever the zone is called."""
    (document,) = table_value(f"{HEADER}\nnightly-1     1.13        READY      {written}".encode())
    assert document["timestamp"] == time


@pytest.mark.parametrize("titles", ["No backups.", "ID     STATUS", f"{HEADER}     SIZE", "[]"])
def test_another_table_cannot_be_read(titles: str) -> None:
    """The columns that there have to be are named."""
    assert table_value(titles.encode()) == Unreadable(
        "what was printed is no table with BACKUP ID, VERSION, STATUS, TIMESTAMP: "
        + " ".join(titles.split())
    )


def test_a_table_is_text() -> None:
    """Binary output is shown as bytes."""
    assert table_value(b"\xff") == Unreadable(
        "what was printed is not UTF-8 text, at byte 0: b'\\xff'"
    )
