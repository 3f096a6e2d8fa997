"""Whatever comes in: a scenario, or one clear sentence; never anything else."""

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.capture.reading.inputs import TEXT_MAX, read_inputs
from simulator.capture.reproduce import reproduce
from simulator.capture.secrets.redaction import Redactor
from simulator.capture.sightings import CaptureError

CAPTURES = Path(__file__).parent / "captures"
UUID = "317c19df-34e4-41a0-93c9-d66c7f307208"
SHOWN = {
    "dcos_version": "1.13.0",
    "id": f"nightly-{UUID}",
    "component_status": {"marathon": {"status": "STATUS_READY"}},
    "timestamp": "2019-03-18T23:16:33.265478871Z",
    "status": "STATUS_READY",
}


def sentence_of(path: Path) -> str:
    """Return the sentence with which an input is refused; empty where it is not."""
    try:
        reproduce([str(path)])
    except CaptureError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.txt", b"", "empty.txt: is empty"),
        ("blank.txt", b" \n\n", "blank.txt: is empty"),
        ("hello.txt", b"hello\n", "hello.txt: holds nothing of a backup service; give it what"),
        ("image.png", b"\x89PNG\r\n\x00\x00", "image.png: is no text; give it what"),
        ("kube.json", b'{"kind": "PodList", "items": []}', "kube.json: holds JSON, but no backup"),
        (
            "marathon.json",
            b'{"apps": [{"id": "/web"}]}',
            "marathon.json: holds JSON, but no",
        ),
        ("package.json", b'{"name": "x", "version": "1"}', "package.json: holds JSON, but no"),
        ("half.json", b'{"id": "nightly', "half.json:1: JSON begins here that cannot be read"),
        ("no.har", b'{"log": {"entries": []}}', "no.har: the HAR holds no request to the backup"),
        ("half.har", b'{"log": {"entries": [{"req', "half.har: the HAR holds no request to the"),
        ("odd.har", b'{"log": 7}', "odd.har: the HAR holds no request to the backup service"),
        ("null.json", b"null", "null.json: holds nothing of a backup service"),
        ("number.json", b"17", "number.json: holds nothing of a backup service"),
        ("deep.json", b"[" * 100_000, "deep.json:1: JSON begins here that cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value[:14] else "",
)
def test_what_is_no_capture_is_told_in_a_sentence(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    """What it is instead, and what would be of use."""
    path = tmp_path / name
    path.write_bytes(content)
    sentence = sentence_of(path)
    assert sentence.startswith(said)
    assert "\n" not in sentence


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """By its name."""
    assert sentence_of(tmp_path / "nosuch.json").endswith("nosuch.json: there is no such file")
    assert sentence_of(tmp_path).startswith(f"{tmp_path}: the folder holds no file; ")


def test_what_is_of_no_use_beside_a_capture_is_left_out(tmp_path: Path) -> None:
    """And told."""
    (tmp_path / "notes.txt").write_text("call Eve\n", encoding="utf-8")
    (tmp_path / "show.json").write_text(json.dumps(SHOWN), encoding="utf-8")
    made = reproduce([str(tmp_path)])
    assert made.differs == ()
    assert any(line.startswith("notes.txt: holds nothing of") for line in made.guessed)


def test_a_text_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """It would all have to be held at once; a HAR is read in parts."""
    path = tmp_path / "long.txt"
    with path.open("wb") as file:
        file.truncate(TEXT_MAX + 1)
        file.write(b"x")
    assert sentence_of(path) == (
        "long.txt: is longer than 64 MB, and no HAR, which alone may be; "
        "cut out the part in question"
    )


def test_a_long_har_is_never_held_as_a_whole(tmp_path: Path) -> None:
    """Thirty megabytes of it, of which one entry matters."""
    path = tmp_path / "long.har"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(long_har(300))
    size = path.stat().st_size
    assert size > 30_000_000
    tracemalloc.start()
    capture = read_inputs([str(path)], Redactor())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(capture.sightings) == 1
    assert peak < size / 10


def long_har(entries: int) -> Iterator[str]:
    """Yield a HAR with so many entries that are none of ours, and one that is."""
    other = har_entry("http://127.0.0.1/app.js", "x" * 100_000)
    yield '{"log": {"version": "1.2", "entries": ['
    yield json.dumps(har_entry("http://127.0.0.1/system/v1/backup/v1/list", json.dumps([SHOWN])))
    for _ in range(entries):
        yield f",{json.dumps(other)}"
    yield "]}}"


def har_entry(url: str, body: str) -> dict[str, Any]:
    """Return an entry that was answered well."""
    return {
        "startedDateTime": "2019-03-18T23:17:00Z",
        "request": {"method": "GET", "url": url, "headers": []},
        "response": {"status": 200, "headers": [], "content": {"text": body}},
    }


@pytest.mark.parametrize(
    "name",
    ["show-error.json", "list.json", "table.txt", "curl-v.txt", "browser.har", "logger.jsonl"],
)
def test_a_capture_that_ends_anywhere_is_used_as_far_as_it_goes(name: str, tmp_path: Path) -> None:
    """Or refused in a sentence."""
    content = (CAPTURES / name).read_bytes()
    path = tmp_path / name
    for end in range(0, len(content), max(len(content) // 40, 1)):
        path.write_bytes(content[:end])
        assert "\n" not in sentence_of(path)


def test_the_whole_backups_of_half_a_list_are_used(tmp_path: Path) -> None:
    """And that more should follow is told."""
    text = json.dumps([SHOWN, {**SHOWN, "id": f"weekly-{UUID}"}])
    path = tmp_path / "list.json"
    path.write_text(text[:-50], encoding="utf-8")
    made = reproduce([str(path)])
    assert made.differs == ()
    assert "label: nightly" in made.text
    (note,) = made.guessed
    assert note.startswith("list.json:1: JSON begins here that cannot be read, or ends too early; ")


def test_two_stories_of_one_backup_are_both_shown(tmp_path: Path) -> None:
    """Another timestamp, another version: each when it was seen."""
    other = {**SHOWN, "timestamp": "2018-01-01T00:00:00Z", "dcos_version": "1.12.0"}
    lines = [
        f"2019-03-18T23:2{minute}:00Z {json.dumps(each)}"
        for minute, each in enumerate([SHOWN, other, SHOWN])
    ]
    path = tmp_path / "poll.log"
    path.write_text("\n".join(lines), encoding="utf-8")
    made = reproduce([str(path)])
    assert made.differs == ()
    assert "timestamp: '2018-01-01T00:00:00Z'" in made.text.replace(
        "timestamp: 2018-01-01T00:00:00Z", "timestamp: '2018-01-01T00:00:00Z'"
    )


# --- any documents -------------------------------------------------------------------------------

STATUSES = st.sampled_from(
    [
        "STATUS_BACKING_UP",
        "STATUS_READY",
        "STATUS_ERROR",
        "STATUS_RESTORING",
        "STATUS_ODD",
        "",
        None,
        7,
    ]
)
IDS = st.sampled_from([f"nightly-{UUID}", f"weekly-{UUID}", f"nightly-{UUID[:-1]}0", "no-id", ""])
STAMPS = st.sampled_from(
    [
        "2019-03-18T23:16:33.265478871Z",
        "2019-03-18T23:17:03Z",
        "2018-01-01T00:00:00Z",
        "2030-01-01T00:00:00Z",
        "yesterday",
        "",
        None,
        5,
    ]
)
COMPONENTS = st.dictionaries(
    st.sampled_from(["marathon", "secrets", "a.b", ""]),
    st.one_of(
        st.fixed_dictionaries(
            {"status": STATUSES}, optional={"error": st.sampled_from(["e", 1, ""])}
        ),
        st.none(),
        st.text(max_size=3),
    ),
    max_size=2,
)
DOCUMENTS = st.fixed_dictionaries(
    {"id": IDS, "status": STATUSES},
    optional={
        "timestamp": STAMPS,
        "dcos_version": st.sampled_from(["1.13.0", "2.2", "one", None]),
        "component_status": COMPONENTS,
        "restores": st.one_of(
            st.fixed_dictionaries({"component_status": COMPONENTS}),
            st.lists(st.fixed_dictionaries({"component_status": COMPONENTS}), max_size=2),
            st.text(max_size=2),
        ),
        "more": st.recursive(
            st.none() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=2)
        ),
    },
)
SIGHTINGS = st.lists(
    st.one_of(DOCUMENTS, st.lists(DOCUMENTS, max_size=3, unique_by=lambda each: str(each["id"]))),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(shown=SIGHTINGS, timed=st.booleans())
def test_any_documents_become_a_scenario_or_a_sentence(
    tmp_path: Path, shown: list[Any], *, timed: bool
) -> None:
    """One that gives them back, or says in what it differs."""
    path = tmp_path / "poll.log"
    times = [f"2019-03-18T23:1{6 + index}:40Z " if timed else "" for index in range(len(shown))]
    lines = [time + json.dumps(each) for time, each in zip(times, shown, strict=True)]
    path.write_text("\n".join(lines), encoding="utf-8")
    try:
        steps = reproduce([str(path)]).scenario.model.steps
    except CaptureError:
        steps = []
    assert steps or "\n" not in sentence_of(path)
