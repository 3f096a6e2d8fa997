"""TIM: the client keeps good time; each rule says whose.

What a client pauses is known only where it lives in cluster time: under autojump, with
virtual time, or where cluster time passes by itself. Elsewhere nothing is concluded from pauses.
"""

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Final

from simulator.core.instants import NANOSECONDS_PER_SECOND, Duration, duration_text, elapsed
from simulator.harness.checks.check import Chain, Check, Claimed, Severity
from simulator.harness.checks.claims import truth
from simulator.harness.checks.conduct import Call, Conduct, Pace, Request
from simulator.harness.ports import Indeterminate

_SECOND: Final = NANOSECONDS_PER_SECOND

BUSY_MAX: Final = Duration(_SECOND // 2)
"""Half of all pauses between polls are shorter: a busy loop."""

FAST_MAX: Final = Duration(2 * _SECOND)
"""Half of all pauses between polls are shorter: a backup takes minutes."""

SLOW_MAX: Final = Duration(15 * 60 * _SECOND)
"""No pause between polls is longer."""

PAUSES_MIN: Final = 5
"""As many pauses make a habit."""

AT_ONCE_MAX: Final = 20
"""So many requests at one instant of cluster time."""

REAL_SLACK: Final = 0.95
"""Real clocks and timers are not exact."""


def _polls(call: Call) -> tuple[Request, ...]:
    return tuple(request for request in call.operations if request.route == "list")


def _paced(conduct: Conduct, *paces: Pace) -> Iterator[Chain]:
    if conduct.pace not in paces:
        return
    for call in conduct.calls:
        polls = _polls(call)
        if len(polls) > PAUSES_MIN:
            yield Chain(call, polls)


def _own_or_scaled(conduct: Conduct) -> Iterator[Chain]:
    return _paced(conduct, Pace.OWN, Pace.SCALED)


def _own(conduct: Conduct) -> Iterator[Chain]:
    return _paced(conduct, Pace.OWN)


def _median(chain: Chain) -> Duration:
    pauses = sorted(elapsed(one.at, other.at) for one, other in pairwise(chain.evidence))
    return pauses[len(pauses) // 2]


def _busy(chain: Chain, _: Conduct) -> str | None:
    return _more_often_than(BUSY_MAX, chain)


def _fast(chain: Chain, _: Conduct) -> str | None:
    return _more_often_than(FAST_MAX, chain)


def _more_often_than(limit: Duration, chain: Chain) -> str | None:
    median = _median(chain)
    if median >= limit:
        return None
    return f"polled {len(chain.evidence)} times, mostly {duration_text(median)} apart"


def _rare(chain: Chain, _: Conduct) -> str | None:
    for one, other in pairwise(chain.evidence):
        pause = elapsed(one.at, other.at)
        if pause > SLOW_MAX:
            return f"let {duration_text(pause)} pass between {one} and {other}"
    return None


def _told_to_wait(conduct: Conduct) -> Iterator[Chain]:
    for call in conduct.calls:
        for one, other in pairwise(call.operations):
            if one.retry_after is not None:
                yield Chain(call, (one, other))
        if call.operations and call.operations[-1].retry_after is not None:
            yield Chain(call, call.operations[-1:])


def _too_soon(chain: Chain, _: Conduct) -> str | None:
    if len(chain.evidence) == 1:
        return None
    one, other = chain.evidence
    wanted = one.retry_after or 0
    passed = elapsed(one.at, other.at)
    if max(passed, other.received - one.received) >= wanted * REAL_SLACK:
        return None
    said = duration_text(Duration(wanted))
    return f"{one} said Retry-After: {said}, and {other} came after {duration_text(passed)}"


def _programs(conduct: Conduct) -> Iterator[Claimed]:
    return (Claimed(call) for call in conduct.calls if call.is_program)


def _operations(conduct: Conduct) -> Iterator[Claimed]:
    return (Claimed(call) for call in conduct.calls if not call.is_program and not call.is_free)


def _hanging(claimed: Claimed, conduct: Conduct) -> str | None:
    found = _endless(claimed, conduct)
    return f"{found}; {truth(claimed.call, conduct)}" if found else None


def _endless(claimed: Claimed, _: Conduct) -> str | None:
    outcome = claimed.call.outcome
    if isinstance(outcome, Indeterminate) and outcome.is_stopped:
        return f"{outcome.message}; {_asked(claimed.call)}"
    return None


def _asked(call: Call) -> str:
    if not call.requests:
        return "it had sent no request"
    last = call.requests[-1]
    answer = f"answered with {last.exchange.status}" if last.exchange.status else "not answered"
    count = len(call.requests)
    sent = "1 request" if count == 1 else f"{count} requests"
    return f"it had sent {sent}, the last one, {last}, {answer}"


def _crowds(conduct: Conduct) -> Iterator[Chain]:
    for call in conduct.calls:
        requests = [each for each in call.operations if each.exchange.status // 100 != 3]  # noqa: PLR2004
        for _, group in groupby(requests, key=lambda each: each.at):
            yield Chain(call, tuple(group))


def _storm(chain: Chain, _: Conduct) -> str | None:
    if chain.call.is_free or len(chain.evidence) <= AT_ONCE_MAX:
        return None
    return f"sent {len(chain.evidence)} requests at one instant of cluster time"


_POLLING = 'program: backup nightly\nPOST /create {"label": "nightly"} → 200\n'


def _polled(pause: str, time: str = "own time") -> str:
    return f"{time}\n{_POLLING}" + f"+{pause}\nGET /list → 200\n" * 6


PACE_CHECKS: Final = (
    Check(
        code="TIM001",
        rule="Polls are no busy loop: half a second of cluster time apart, or more.",
        why="Every list is read from the master's disk, and every other client waits.",
        looks_at=_own_or_scaled,
        problem=_busy,
        wrong=_polled("10ms", "scaled time"),
        right=_polled("10s", "scaled time"),
    ),
    Check(
        code="TIM002",
        rule="A client that lives in cluster time polls every two seconds at the most.",
        why="A backup takes minutes; more polls say nothing sooner, and add up on a busy cluster.",
        looks_at=_own,
        problem=_fast,
        wrong=_polled("1s"),
        right=_polled("10s"),
    ),
    Check(
        code="TIM003",
        rule="A client that lives in cluster time polls at least every quarter of an hour.",
        why="Pauses that grow without a limit: the end is noticed long after it has come.",
        looks_at=_own,
        problem=_rare,
        wrong=_polled("1h"),
        right=_polled("1m"),
    ),
    Check(
        code="TIM004",
        rule="After Retry-After, so much time passes, of the cluster's or real, before a request.",
        why="Whoever comes back sooner is turned away again, and keeps the cluster down.",
        looks_at=_told_to_wait,
        problem=_too_soon,
        wrong="asked: list\nGET /list → 503 Retry-After: 30s\n+1s\nGET /list → 200",
        right="asked: list\nGET /list → 503 Retry-After: 30s\n+30s\nGET /list → 200",
    ),
    Check(
        code="TIM005",
        rule="A program ends by itself, within the real time that its profile allows.",
        why="A backup that never ends, or a server that is silent, must not hang it for ever.",
        looks_at=_programs,
        problem=_hanging,
        wrong="program: backup nightly\nGET /list → nothing\nstopped",
        right="program: backup nightly\nGET /list → nothing\nexit: 1 gave up",
    ),
    Check(
        code="TIM006",
        rule="No more than 20 requests are sent at one instant of cluster time.",
        why="A retry without a pause and without an end is an attack on a cluster in trouble.",
        looks_at=_crowds,
        problem=_storm,
        wrong="asked: list\n" + "GET /list → 500\n" * 21,
        right="asked: list\n" + "GET /list → 500\n" * 3,
    ),
    Check(
        code="TIM007",
        rule="An operation ends by itself, within the real time that its profile allows.",
        why="A server that is silent must not hang a client for ever. Only a warning: that nobody "
        "can tell what happened is true, and the profile's timeout may be the shorter one.",
        severity=Severity.WARNING,
        looks_at=_operations,
        problem=_endless,
        wrong="asked: list\nGET /list → nothing\nclaimed: stopped",
        right="asked: list\nGET /list → nothing\nclaimed: indeterminate",
    ),
)
