"""Tells whether a capture's own times can be those of the cluster, whose time may run faster.

A capture knows when each answer was asked for and when it had come, by the clock of whoever made
it. ``Date`` tells in between what time it was for the cluster, in whole seconds. Two clocks of one
pace differ by one and the same span throughout; where no span fits all answers, the cluster's time
ran at another pace, as that of ``dcos-sim serve --rate 60`` does, and ``Date`` is the one to ask.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.core.instants import NANOSECONDS_PER_SECOND, Instant

_SLACK: Final = NANOSECONDS_PER_SECOND
"""So much a clock may be set right within a capture."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When an exchange was, by two clocks.

    Attributes:
        asked: when it was asked, by the clock of the capture.
        came: when the answer had come, by the same.
        date: when it was answered, by the clock of the cluster; None where it does not say.
    """

    asked: Instant
    came: Instant
    date: Instant | None


def cluster_times(moments: Sequence[Moment]) -> list[Instant] | None:
    """Return when the requests were by the cluster's clock; None where the capture's will do.

    That is also where the dates cannot be trusted, for they run backwards.
    """
    dated = [each for each in moments if each.date is not None]
    dates = [each.date for each in dated if each.date is not None]
    if not dates or dates != sorted(dates) or _fit(dated):
        return None
    return list(_times(moments, dated))


def _fit(dated: Sequence[Moment]) -> bool:
    """Whether one span between the two clocks explains all dates."""
    least = [each.date - each.came for each in dated if each.date is not None]
    most = [
        each.date + NANOSECONDS_PER_SECOND - each.asked for each in dated if each.date is not None
    ]
    return max(least) <= min(most) + _SLACK


def _times(moments: Sequence[Moment], dated: Sequence[Moment]) -> Iterator[Instant]:
    """Yield a time within the second of each date: the one that an even pace would give.

    What has no date gets that one as well, as long as time does not run backwards.
    """
    first, last = dated[0], dated[-1]
    begin = first.date or 0
    passed, in_fact = (last.date or 0) - begin, max(last.asked - first.asked, 1)
    known = Instant(0)
    for each in moments:
        even = begin + (each.asked - first.asked) * passed // in_fact
        if each.date is not None:
            even = min(max(even, each.date), each.date + NANOSECONDS_PER_SECOND - 1)
        known = Instant(max(even, known))
        yield known
