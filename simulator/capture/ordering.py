"""Puts sightings in the order of time, on the cluster's clock."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from simulator.capture.documents import runs, timestamp_of
from simulator.capture.sightings import LIST, Capture, Sighting
from simulator.clock import DEFAULT_START
from simulator.core.instants import NANOSECONDS_PER_SECOND, Duration, Instant, duration_text
from simulator.core.statuses import Status

APART: Final = 10 * NANOSECONDS_PER_SECOND
"""Between two sightings of which nobody knows when they were made."""

A_MOMENT: Final = 1_000_000
"""A millisecond: what is seen at one and the same moment is told apart by so much."""


def without_doubles(seen: Iterable[Sighting], notes: list[str]) -> Iterator[Sighting]:
    """Yield the sightings with each backup once; no list shows one twice."""
    for each in seen:
        documents = {document["id"]: document for document in reversed(each.backups or ())}
        if len(documents) == len(each.backups or ()):
            yield each
            continue
        notes.append(f"{each.source} shows a backup more than once: the first was taken")
        yield replace(each, backups=tuple(reversed(documents.values())))


def in_order(capture: Capture, notes: list[str]) -> list[Sighting]:
    """Return the sightings with a time each, all different, in the order of time.

    What had to be supposed is added to ``notes``.
    """
    seen = list(without_doubles(capture.sightings, notes))
    if all(each.at is None for each in seen):
        return _spread(seen, notes)
    seen = list(_filled(seen, notes))
    times = [each.moment for each in seen]
    backwards = next(
        (index for index in range(1, len(times)) if times[index] < times[index - 1]), 0
    )
    if backwards:
        notes.append(
            f"times run backwards at {seen[backwards].source}: the order of the times was taken"
        )
        seen.sort(key=lambda each: each.moment)
    seen = _on_the_clusters_clock(seen, capture, notes)
    return list(_told_apart(seen if capture.start is not None else _in_milliseconds(seen)))


def _in_milliseconds(seen: Sequence[Sighting]) -> list[Sighting]:
    """Round times to milliseconds since the first backup that is being made, for people's eyes."""
    first = seen[0].moment
    made = [
        stamp
        for each in seen
        for document in each.backups or ()
        if (stamp := timestamp_of(document)) is not None
        and (stamp > first - APART or runs(document, Status.BACKING_UP))
    ]
    base = min(made, default=first)
    return [replace(each, at=_rounded(each.moment, base)) for each in seen]


def _rounded(at: Instant, base: Instant) -> Instant:
    return Instant(base + (at - base + A_MOMENT // 2) // A_MOMENT * A_MOMENT)


def _spread(seen: Sequence[Sighting], notes: list[str]) -> list[Sighting]:
    """Give times to sightings of which none has any: from just after the newest backup."""
    stamps = [
        stamp
        for each in seen
        for document in each.backups or ()
        if (stamp := timestamp_of(document)) is not None
    ]
    newest = max(stamps, default=DEFAULT_START)
    first = newest + APART
    if len(seen) > 1:
        apart = duration_text(Duration(APART))
        notes.append(f"nothing says when the answers came: {apart} apart were taken")
    return [replace(each, at=Instant(first + index * APART)) for index, each in enumerate(seen)]


def _filled(seen: Sequence[Sighting], notes: list[str]) -> Iterator[Sighting]:
    """Give those that have no time one that is a second after the one before.

    Those before the first one with a time lead up to it.
    """
    before, first = next((n, each.at) for n, each in enumerate(seen) if each.at is not None)
    known = Instant(first - (before + 1) * NANOSECONDS_PER_SECOND)
    lacking = 0
    for index, each in enumerate(seen):
        if each.at is None:
            lacking += 1
            known = Instant(known + NANOSECONDS_PER_SECOND)
            made = _made_at(seen, index) if each.operation == "create" else None
            known = made if made is not None and (index < before or made > known) else known
            yield replace(each, at=known)
        else:
            known = each.at
            yield each
    if lacking:
        notes.append(
            f"{lacking} of {len(seen)} answers have no time: a second after the one before"
        )


def _made_at(seen: Sequence[Sighting], create: int) -> Instant | None:
    """Return the timestamp of what a create without a time has made: the next with its label."""
    beginning = f"{seen[create].argument}-"
    for index in range(create, len(seen)):
        for document in seen[index].backups or ():
            if document["id"].startswith(beginning):
                return timestamp_of(document)
    return None


def _on_the_clusters_clock(
    seen: list[Sighting], capture: Capture, notes: list[str]
) -> list[Sighting]:
    """Move all times to the clock that wrote the timestamps, as far as it can be told."""
    if capture.start is not None:
        return seen  # a journal is on it already
    made = [
        (stamp - each.moment)
        for each in seen
        if each.operation == "create" and each.is_good
        for document in each.backups or ()
        if (stamp := timestamp_of(document)) is not None
    ]
    ahead = [
        (stamp - each.moment)
        for each in seen
        for document in each.backups or ()
        if (stamp := timestamp_of(document)) is not None and stamp > each.moment
    ]
    offset = made[0] if made else max(ahead, default=0)
    if abs(offset) > NANOSECONDS_PER_SECOND:
        way = "behind" if offset > 0 else "ahead of"
        notes.append(
            f"the clock of the capture was {duration_text(_in_short(offset))} {way} the "
            "cluster's: all times were moved"
        )
    return [replace(each, at=Instant(each.moment + offset)) for each in seen] if offset else seen


def _in_short(offset: int) -> Duration:
    """Return an offset in whole milliseconds: nobody reads more of it."""
    return Duration(abs(offset) // A_MOMENT * A_MOMENT)


def _told_apart(seen: Iterable[Sighting]) -> Iterator[Sighting]:
    before: Instant | None = None
    for each in seen:
        at = each.moment
        if before is not None and at <= before:
            at = Instant(before + A_MOMENT)
        before = at
        yield replace(each, at=at)


def thinned(seen: Sequence[Sighting]) -> list[Sighting]:
    """Leave out answers between two others that are the same: nothing changed meanwhile."""
    kept: set[int] = set()
    streams: dict[tuple[str, str], list[int]] = {}
    for index, each in enumerate(seen):
        streams.setdefault((each.operation, each.argument), []).append(index)
    for indices in streams.values():
        for place, index in enumerate(indices):
            before = seen[indices[place - 1]] if place else None
            later = seen[indices[place + 1]] if place + 1 < len(indices) else None
            is_inside = (
                before is not None
                and later is not None
                and seen[index].same_answer(before)
                and seen[index].same_answer(later)
            )
            if not is_inside or seen[index].operation != LIST:
                kept.add(index)
    return [each for index, each in enumerate(seen) if index in kept]
