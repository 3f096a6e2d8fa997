"""Compares what a fake cluster answers with what was captured, value by value."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, final

from simulator.capture.draft import Act, Draft
from simulator.capture.sightings import SUMMARY, Document, Sighting
from simulator.harness.plain_text import beginning


@final
class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = _Missing()
"""Stands where one of two documents has no value."""

Change = tuple[tuple[str, ...], Any, Any]
"""A path into a document, what was captured there, and what is answered there now."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is answered otherwise than it was captured.

    Attributes:
        act: the number of the act, from 0.
        what: of the answer, for people.
        captured: what was captured.
        answered: what is answered now.
    """

    act: int
    what: str
    captured: object
    answered: object


def differences(draft: Draft, again: Sequence[Sighting | None]) -> Iterator[Difference]:
    """Yield everything in which the answers differ from those that were captured."""
    for number, (act, answer) in enumerate(zip(draft.acts, again, strict=True)):
        if act.seen is None:
            continue
        if answer is None:
            yield Difference(number, "an answer", "one", MISSING)
            continue
        yield from _of_answers(number, act.seen, answer)


def _of_answers(number: int, seen: Sighting, answer: Sighting) -> Iterator[Difference]:
    if bool(seen.trouble) != bool(answer.trouble):
        yield Difference(number, "the connection", seen.trouble or "fine", answer.trouble or "fine")
        return
    if seen.status != answer.status:
        yield Difference(number, "the status of the answer", seen.status, answer.status)
        return
    if seen.backups is None or answer.backups is None:
        yield from _of_bodies(number, seen, answer)
        return
    yield from _of_lists(number, seen, answer.backups)


def _of_bodies(number: int, seen: Sighting, answer: Sighting) -> Iterator[Difference]:
    if seen.is_good and (seen.operation == "delete" or seen.is_silent):
        return
    if (seen.backups is None) != (answer.backups is None):
        shown = {True: "backups", False: "none"}
        has, had = seen.backups is not None, answer.backups is not None
        yield Difference(number, "what the answer shows", shown[has], shown[had])
        return
    for what in ("body", "retry_after", "location"):
        captured, answered = getattr(seen, what), getattr(answer, what)
        if not same_text(captured, answered):
            name = what.replace("_", "-")
            yield Difference(number, f"the {name} of the answer", captured, answered)
    if seen.content_type and seen.content_type != answer.content_type:
        what = "the content type of the answer"
        yield Difference(number, what, seen.content_type, answer.content_type)


def same_text(one: str, other: str) -> bool:
    """Whether two bodies say the same: a terminal loses how lines end, a logger how JSON is set."""
    if _lines(one) == _lines(other):
        return True
    try:
        return _same(json.loads(one), json.loads(other))
    except (ValueError, RecursionError):
        return False


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def _of_lists(number: int, seen: Sighting, answered: Sequence[Document]) -> Iterator[Difference]:
    now = {each["id"]: each for each in answered}
    then = {each["id"]: each for each in seen.backups or ()}
    for backup_id, document in then.items():
        if backup_id not in now:
            yield Difference(number, f"backup {backup_id}", "there", MISSING)
            continue
        for path, captured, found in changes(document, now[backup_id], seen):
            yield Difference(number, f"{backup_id}: {'.'.join(path)}", captured, found)
    for backup_id in now:
        if backup_id not in then:
            yield Difference(number, f"backup {backup_id}", MISSING, "there")


def changes(captured: Document, answered: Document, seen: Sighting) -> list[Change]:
    """Return what differs between two documents; of a table, what it shows of them."""
    if seen.is_summary:
        captured = {key: value for key, value in captured.items() if key in SUMMARY}
        answered = {key: value for key, value in answered.items() if key in SUMMARY}
    return list(_changes(captured, answered, ()))


def _changes(captured: Any, answered: Any, path: tuple[str, ...]) -> Iterator[Change]:  # noqa: ANN401
    both = isinstance(captured, Mapping) and isinstance(answered, Mapping)
    if both and not any("." in key for key in (*captured, *answered)):
        for key in dict.fromkeys((*captured, *answered)):
            here = (*path, key)
            yield from _changes(captured.get(key, MISSING), answered.get(key, MISSING), here)
    elif not _same(captured, answered):
        yield path, captured, answered


def _same(one: object, other: object) -> bool:
    """Whether two JSON values are the same; 1 is not true, and 1.0 is not 1."""
    if one is MISSING or other is MISSING:
        return one is other
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def sentence(draft: Draft, difference: Difference) -> str:
    """Say what differs, and where."""
    act = draft.acts[difference.act]
    return (
        f"{_place(draft, act)}: {difference.what}: captured {_value(difference.captured)}, "
        f"replayed {_value(difference.answered)}"
    )


def _place(draft: Draft, act: Act) -> str:
    source = act.seen.source if act.seen else "guessed"
    argument = f" {act.argument}" if act.argument else ""
    return f"{source}, {act.operation}{argument} at +{draft.since(act.at)}"


def _value(value: object) -> str:
    if value is MISSING:
        return "nothing"
    return beginning(value if isinstance(value, str) else json.dumps(value)) or "an empty text"
