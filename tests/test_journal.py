import json
import sys
import threading
from collections.abc import Iterator

import pytest

from simulator.core.commands import Reply
from simulator.core.events import MarathonStarted, Released, StageEntered, StatusChanged
from simulator.core.instants import Instant, parse_rfc3339
from simulator.core.statuses import Status
from simulator.journal import Entry, Exchange, Journal

AT = parse_rfc3339("2019-03-18T23:16:33.265478871Z")


def released(name: str) -> Released:
    """Return an event of which only the name matters."""
    return Released(at=AT, name=name)


def an_exchange() -> Exchange:
    """Return the exchange of an ordinary list."""
    return Exchange(
        at=AT,
        method="GET",
        target="/list",
        headers=((b"Host", b"127.0.0.1:40721"), (b"Accept", b"application/json")),
        request_body=b"",
        operation="list",
        status=200,
        response_body=b"[]",
        why="what is stored",
        reply=Reply(why="what is stored"),
        notes=(),
    )


def a_journal(*entries: Entry, limit: int | None = None) -> Journal:
    """Return a journal that has recorded these."""
    journal = Journal(limit)
    for entry in entries:
        journal.record(entry)
    return journal


# --- numbers and limits ----------------------------------------------------------------------


def test_entries_are_numbered_from_1_in_their_order() -> None:
    """And counted."""
    journal = a_journal(released("a"), an_exchange(), released("b"))
    numbered = [(number, type(entry).__name__) for number, entry in journal.numbered()]
    assert numbered == [(1, "Released"), (2, "Exchange"), (3, "Released")]
    assert (journal.count, journal.dropped) == (3, 0)


def test_an_empty_journal_has_nothing() -> None:
    """No entry, no line, nothing dropped."""
    journal = Journal()
    assert (list(journal.numbered()), list(journal.lines()), journal.exchanges) == ([], [], ())
    assert (journal.count, journal.dropped, journal.limit) == (0, 0, None)


@pytest.mark.parametrize(
    ("since", "numbers"), [(0, [1, 2, 3]), (1, [1, 2, 3]), (3, [3]), (4, []), (99, [])]
)
def test_a_reader_may_go_on_where_it_was(since: int, numbers: list[int]) -> None:
    """From a number on, that one included."""
    journal = a_journal(*map(released, "abc"))
    assert [number for number, _ in journal.numbered(since)] == numbers


def test_a_limited_journal_drops_the_oldest_and_says_how_many() -> None:
    """The rest keep their numbers."""
    journal = a_journal(*map(released, "abcde"), limit=2)
    kept = [(number, entry) for number, entry in journal.numbered()]
    assert kept == [(4, released("d")), (5, released("e"))]
    assert (journal.count, journal.dropped, journal.limit) == (5, 3, 2)
    assert [json.loads(line)["number"] for line in journal.lines()] == [4, 5]
    assert [number for number, _ in journal.numbered(since=2)] == [4, 5]


@pytest.mark.parametrize(("recorded", "dropped"), [(0, 0), (1, 0), (2, 0), (3, 1)])
def test_nothing_is_dropped_before_the_limit(recorded: int, dropped: int) -> None:
    """The limit itself still fits."""
    journal = a_journal(*[released("a")] * recorded, limit=2)
    assert journal.dropped == dropped


def test_exchanges_are_the_kept_requests() -> None:
    """Without what happened between them."""
    first, second, third = (an_exchange()._replace(target=f"/{name}") for name in "abc")
    journal = a_journal(first, released("x"), second, third, limit=3)
    assert journal.exchanges == (second, third)


def test_a_journal_may_be_read_while_it_grows() -> None:
    """The reader sees what there was when it began."""
    journal = a_journal(released("a"), released("b"))
    seen = []
    for number, _ in journal.numbered():
        seen.append(number)
        journal.record(released("more"))
    assert seen == [1, 2]


@pytest.fixture
def restless_threads() -> Iterator[None]:
    """Let threads take turns a thousand times more often than usual: a race shows at once."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("restless_threads")
def test_a_thread_may_read_while_another_records() -> None:
    """Every entry has its own number in every reading, also while old ones are dropped."""
    journal = Journal(limit=3)

    def record() -> None:
        for number in range(1, 3001):
            journal.record(released(str(number)))

    recording = threading.Thread(target=record)
    recording.start()
    wrong = []
    while recording.is_alive():
        wrong += [pair for pair in journal.numbered() if pair != (pair[0], released(str(pair[0])))]
    recording.join()
    assert wrong == []
    assert [number for number, _ in journal.numbered()] == [2998, 2999, 3000]


# --- listeners -------------------------------------------------------------------------------


def test_listeners_get_every_new_entry_with_its_number() -> None:
    """Not those from before; each listener, in the order that they came."""
    journal = a_journal(released("before"))
    heard: list[tuple[str, int, Entry]] = []
    journal.subscribe(lambda number, entry: heard.append(("first", number, entry)))
    journal.subscribe(lambda number, entry: heard.append(("second", number, entry)))
    journal.record(released("after"))
    assert heard == [("first", 2, released("after")), ("second", 2, released("after"))]


def test_a_listener_hears_of_what_is_already_in_the_journal() -> None:
    """It may read the entry that it is told of."""
    journal = Journal()
    counts: list[tuple[int, int]] = []
    journal.subscribe(lambda number, _: counts.append((number, len(list(journal.numbered())))))
    journal.record(released("a"))
    journal.record(released("b"))
    assert counts == [(1, 1), (2, 2)]


def test_who_has_unsubscribed_hears_nothing_more() -> None:
    """The others do."""
    journal = Journal()
    leaving: list[int] = []
    staying: list[int] = []
    unsubscribe = journal.subscribe(lambda number, _: leaving.append(number))
    journal.subscribe(lambda number, _: staying.append(number))
    journal.record(released("a"))
    unsubscribe()
    journal.record(released("b"))
    assert (leaving, staying) == ([1], [1, 2])


def test_a_listener_may_unsubscribe_while_it_is_told() -> None:
    """The one after it does not miss the entry."""
    journal = Journal()
    heard: list[str] = []

    def once(_number: int, _entry: Entry) -> None:
        heard.append("once")
        unsubscribe()

    unsubscribe = journal.subscribe(once)
    journal.subscribe(lambda _number, _entry: heard.append("always"))
    journal.record(released("a"))
    journal.record(released("b"))
    assert heard == ["once", "always", "always"]


# --- as text ---------------------------------------------------------------------------------


def test_an_exchange_is_written_as_one_stable_line() -> None:
    """Compact JSON, keys sorted; without Host, whose port differs from run to run."""
    (line,) = a_journal(an_exchange()._replace(notes=("odd", "odder"))).lines()
    assert line == (
        '{"at":"2019-03-18T23:16:33.265478871Z","fault":"","headers":[["Accept","application/json"]],'
        '"kind":"Exchange","method":"GET","notes":["odd","odder"],"number":1,"operation":"list",'
        '"request_body":"","response_body":"[]","status":200,"target":"/list",'
        '"why":"what is stored"}'
    )


def test_events_are_written_with_their_own_fields() -> None:
    """Statuses as the wire spells them, instants as timestamps."""
    changed = StatusChanged(
        at=AT, backup_id="x", restore=0, before=Status.BACKING_UP, after=Status.READY
    )
    started = MarathonStarted(at=Instant(0), apps=("/web", "/db"))
    first, second = a_journal(changed, started).lines()
    assert first == (
        '{"after":"STATUS_READY","at":"2019-03-18T23:16:33.265478871Z","backup_id":"x",'
        '"before":"STATUS_BACKING_UP","kind":"StatusChanged","number":1,"restore":0}'
    )
    assert second == (
        '{"apps":["/web","/db"],"at":"1970-01-01T00:00:00Z","kind":"MarathonStarted","number":2}'
    )


@pytest.mark.parametrize(
    ("until", "written"),
    [(None, None), (Instant(0), "1970-01-01T00:00:00Z"), (AT, "2019-03-18T23:16:33.265478871Z")],
)
def test_the_end_of_a_stage_is_a_timestamp_or_null(
    until: Instant | None, written: str | None
) -> None:
    """Also at the very beginning of time."""
    entered = StageEntered(
        at=AT,
        backup_id="x",
        restore=0,
        component="marathon",
        status=Status.READY,
        shown="STATUS_READY",
        error="",
        because="a test",
        until=until,
    )
    (line,) = a_journal(entered).lines()
    assert json.loads(line)["until"] == written


@pytest.mark.parametrize("name", [b"Host", b"host", b"HOST"])
def test_a_host_header_is_left_out_however_it_is_written(name: bytes) -> None:
    """The other headers keep their order and their case."""
    headers = ((b"B", b"1"), (name, b"x"), (b"a", b"\xe9"), (b"B", b"2"))
    (line,) = a_journal(an_exchange()._replace(headers=headers)).lines()
    assert json.loads(line)["headers"] == [["B", "1"], ["a", "é"], ["B", "2"]]


@pytest.mark.parametrize(
    ("body", "written"),
    [(b"\xff{", "\\xff{"), ("é\n".encode(), "é\n"), (b"\xed\xa0\x80", "\\xed\\xa0\\x80")],
)
def test_bytes_that_are_no_text_are_written_with_backslashes(body: bytes, written: str) -> None:
    """A line is always one line of valid UTF-8."""
    (line,) = a_journal(an_exchange()._replace(request_body=body)).lines()
    assert json.loads(line)["request_body"] == written
    assert line.encode().count(b"\n") == 0
