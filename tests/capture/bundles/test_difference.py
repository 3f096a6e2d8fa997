"""The first difference of two journals, as a person reads it."""

import json
from typing import Any

import pytest

from simulator.capture.bundles.difference import difference, told

AT = "2019-03-18T23:16:33Z"


def asked(number: int = 1, **changed: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Write an entry of a request."""
    entry = {
        "number": number,
        "kind": "Exchange",
        "at": AT,
        "method": "GET",
        "target": "/list",
        "headers": [["Accept", "*/*"], ["User-Agent", "one/1"]],
        "request_body": "",
        "response_body": "[]",
        "status": 200,
        "why": "what is stored",
    }
    return json.dumps({**entry, **changed})


def happened(number: int = 1, **fields: str) -> str:
    """Write an entry of an event."""
    return json.dumps({"number": number, "kind": "BackupDeleted", "at": AT, **fields})


def shown(was: list[str], now: list[str]) -> list[str]:
    """Return the lines that tell the difference."""
    found = difference(was, now)
    assert found is not None
    return list(told(found))


def test_the_same_journals_have_none() -> None:
    """Also two without entries."""
    assert difference([asked(), happened(2)], [asked(), happened(2)]) is None
    assert difference([], []) is None


def test_fields_are_told_one_by_one() -> None:
    """Values of JSON bodies by their place."""
    was = asked(response_body='[{"id": "a", "status": "STATUS_READY"}]')
    now = asked(status=500, response_body='[{"id": "a", "status": "STATUS_ERROR"}, 1]', why="fault")
    assert shown([was], [now]) == [
        f"first difference: entry 1 of 1, cluster time {AT}",
        "in   GET /list",
        "response_body[0].status  was  STATUS_READY",
        "                         now  STATUS_ERROR",
        "response_body[1]         was  (missing)",
        "                         now  1",
        "status                   was  200",
        "                         now  500",
        "why                      was  what is stored",
        "                         now  fault",
    ]


def test_the_first_is_told_and_the_numbers_of_the_others() -> None:
    """What comes later mostly follows from it."""
    was = [asked(number) for number in range(1, 10)]
    now = [was[0], *(asked(number, status=500) for number in range(2, 10))]
    first, *_ = shown(was, now)
    assert first == f"first difference: entry 2 of 9, cluster time {AT}; then 3, 4, 5, 6, 7, …"


def test_entries_of_other_things_are_told_as_a_whole() -> None:
    """Their fields have nothing to do with each other."""
    _, was, now = shown([happened(backup_id="a-1", error="")], [asked(status=400)])
    assert (was, now) == ("was  BackupDeleted backup_id=a-1", "now  GET /list → 400")


def test_a_journal_that_is_shorter_or_longer_is_told() -> None:
    """With how many entries there are, and what is there that was not."""
    short, long = [asked()], [asked(), happened(2, backup_id="a-1")]
    assert shown(long, short) == [
        f"first difference: entry 2 of 2, now 1, cluster time {AT}",
        "was  BackupDeleted backup_id=a-1",
        "now  nothing: the journal ends after 1 entry",
    ]
    assert shown(short, long)[1:] == [
        "was  nothing: the journal ends after 1 entry",
        "now  BackupDeleted backup_id=a-1",
    ]
    assert shown([], short)[1] == "was  nothing: the journal ends after 0 entries"


def test_headers_alone_are_told_so() -> None:
    """Versions of clients stand in them; names of all that differ anywhere."""
    was = [asked(), asked(2), happened(3)]
    now = [
        asked(headers=[["Accept", "*/*"], ["User-Agent", "two/2"]]),
        asked(2, headers=[["Accept", "*/*"], ["User-Agent", "one/1"], ["X", "1"], ["X", "2"]]),
        happened(3),
    ]
    assert shown(was, now) == [
        f"first difference: entry 1 of 3, cluster time {AT}; then 2",
        "only request headers differ: User-Agent, X",
        "in   GET /list",
        "header User-Agent  was  one/1",
        "                   now  two/2",
    ]


def test_headers_in_another_order_are_told() -> None:
    """All of them: no single one is different."""
    lines = shown([asked()], [asked(headers=[["User-Agent", "one/1"], ["Accept", "*/*"]])])
    assert lines[3:] == [
        'headers  was  ["Accept", "User-Agent"]',
        '         now  ["User-Agent", "Accept"]',
    ]


def test_headers_and_anything_else_are_not_headers_alone() -> None:
    """Nor where the journals are not as long."""
    other = asked(headers=[], request_body="{}")
    assert not any("only" in line for line in shown([asked()], [other]))
    assert not any("only" in line for line in shown([asked(), asked(2)], [asked(headers=[])]))


def test_times_alone_are_told_so() -> None:
    """Scenarios whose time is moved by real time have nothing else, at best."""
    later = "2019-03-18T23:16:34Z"
    assert shown([asked(), happened(2)], [asked(at=later), happened(2)])[1:] == [
        "only cluster times differ",
        "in   GET /list",
        f"at  was  {AT}",
        f"    now  {later}",
    ]


def test_long_values_are_shown_where_they_begin_to_differ() -> None:
    """A list of a thousand backups fills no screen."""
    _, _, was, now = shown(
        [asked(response_body="x" * 3000 + "a" + "y" * 3000)],
        [asked(response_body="x" * 3000)],
    )
    assert was == "response_body  was  …" + "x" * 24 + "a" + "y" * 75 + "…"
    assert now == "               now  …" + "x" * 24


def test_many_fields_are_counted() -> None:
    """The first ones tell what it is about."""
    body = json.dumps(dict.fromkeys("abcdefghij", 1))
    lines = shown([asked(response_body="{}")], [asked(response_body=body)])
    assert len(lines) == 2 + 2 * 8 + 1
    assert lines[-1] == "and 2 more fields"


def test_other_bytes_of_the_same_json_are_told_as_texts() -> None:
    """Their values are the same, and they are not."""
    lines = shown([asked(request_body='{"a":1}')], [asked(request_body='{"a": 1}')])
    assert lines[2:] == ['request_body  was  {"a":1}', '              now  {"a": 1}']


def test_nothing_moves_the_cursor_of_a_terminal() -> None:
    """A bundle can come from anybody."""
    odd: dict[str, Any] = {"\x1b\n": "\x9b", "headers": [["\x1b", "\x1b"], 3, "x"]}
    evil = asked(why="\x1b[2J", at="\x07", target="/\x1b]0;x", **odd)
    for lines in (shown([evil], [asked()]), shown([evil], [happened()]), shown([evil], [])):
        assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("line", ["", "{", "3", "[" * 1000, '{"a": ' * 60])
def test_what_is_no_entry_is_told(line: str) -> None:
    """Instead of a difference."""
    with pytest.raises(ValueError, match=r"^(Expecting|is no mapping|is nested more than 50 deep)"):
        difference([line], [asked()])
