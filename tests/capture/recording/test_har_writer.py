import json
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.capture.recording.har_writer import HarFile


@pytest.fixture
def har(tmp_path: Path) -> Iterator[HarFile]:
    """Return a file that is closed with the test; there was another before."""
    path = tmp_path / "x.har"
    path.write_text("x" * 10_000, encoding="utf-8")
    har = HarFile(path)
    yield har
    har.close()


def entries(path: Path) -> list[Any]:
    """Read a HAR as any program would."""
    log = json.loads(path.read_text(encoding="utf-8"))["log"]
    assert (log["version"], log["creator"]["name"]) == ("1.2", "dcos-sim record")
    return list(log["entries"])


def test_a_har_is_valid_after_each_entry(har: HarFile) -> None:
    """Also before the first one: whoever kills the recorder loses nothing."""
    assert entries(har.path) == []
    for number in range(1, 4):
        har.add({"number": number, "text": "a line,\nand [another]}}\n"})
        assert [each["number"] for each in entries(har.path)] == list(range(1, number + 1))
    assert har.count == 3


def test_entries_can_be_rewritten_and_added_to_then(har: HarFile) -> None:
    """A secret may be known for one only later; keys of the format stay as they are."""
    har.add({"text": 'of "alice",\nand', "list": [{"text": "alice"}, 1]})
    assert har.holds(["bob", '"alice",\nand'])
    assert not har.holds(["bob"])
    har.rewrite(lambda text: text.replace("alice", "user-1"))
    har.add({"text": "bob"})
    assert entries(har.path) == [
        {"text": 'of "user-1",\nand', "list": [{"text": "user-1"}, 1]},
        {"text": "bob"},
    ]
    assert list(har.path.parent.iterdir()) == [har.path]


def test_what_is_no_secret_by_its_place_is_not_rewritten(har: HarFile) -> None:
    """A year may be somebody's password, and GET a user."""
    entry = {
        "startedDateTime": "2026-01-01T00:00:00Z",
        "request": {"method": "GET", "headers": [{"name": "Date", "value": "1 Jan 2026"}]},
    }
    har.add(entry)
    har.rewrite(lambda text: text.replace("2026", "password-1").replace("GET", "user-1"))
    assert entries(har.path) == [entry]


def test_a_full_disk_leaves_a_valid_file(har: HarFile) -> None:
    """All before is still there, and what comes when there is room again."""
    har.add({"number": 1})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (har.path.stat().st_size + 100, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            har.add({"text": "x" * 1000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert entries(har.path) == [{"number": 1}]
    har.add({"number": 2})
    assert entries(har.path) == [{"number": 1}, {"number": 2}]


def test_an_empty_one_can_be_rewritten(har: HarFile) -> None:
    har.rewrite(str.upper)
    har.add({"text": "a"})
    har.close()
    assert entries(har.path) == [{"text": "a"}]


@pytest.mark.parametrize("text", ["ä€𝄞", "\udcff", "\x00\u2028"])
def test_any_text_can_be_written(har: HarFile, text: str) -> None:
    """What cannot be UTF-8 becomes a question mark."""
    har.add({"text": text})
    assert entries(har.path) == [{"text": text.replace("\udcff", "?")}]
