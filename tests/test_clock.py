from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from simulator.clock import (
    DEFAULT_START,
    END_OF_TIME,
    Clock,
    Manual,
    PerRequest,
    Rate,
    RealTime,
    TimePolicy,
)
from simulator.core.instants import Duration, Instant, parse_duration, parse_rfc3339

SECOND = 1_000_000_000
START = Instant(5 * SECOND)


class FakeMonotonic:
    """Real time as a test wants it."""

    def __init__(self) -> None:
        """Start anywhere but at 0."""
        self.now = 77 * SECOND

    def __call__(self) -> int:
        """Read it."""
        return self.now

    def pass_by(self, nanoseconds: int) -> None:
        """Let real time pass, or jump back."""
        self.now += nanoseconds


@pytest.fixture
def real() -> FakeMonotonic:
    """Return the real time of a test."""
    return FakeMonotonic()


@pytest.fixture
def settled() -> list[Instant]:
    """Return every instant that a clock has settled at."""
    return []


@pytest.fixture
def clock_of(real: FakeMonotonic, settled: list[Instant]) -> Callable[[TimePolicy], Clock]:
    """Return how to make a clock that starts at 5 s."""

    def clock_of(policy: TimePolicy) -> Clock:
        return Clock(policy, START, settle=settled.append, monotonic_ns=real)

    return clock_of


ClockOf = Callable[[TimePolicy], Clock]
PER_REQUEST = PerRequest(Duration(3 * SECOND))

# --- the three policies ----------------------------------------------------------------------


@pytest.mark.parametrize("policy", [Manual(), PER_REQUEST])
def test_without_a_rate_real_time_moves_nothing(
    policy: TimePolicy, clock_of: ClockOf, real: FakeMonotonic
) -> None:
    """However much of it passes."""
    clock = clock_of(policy)
    real.pass_by(3600 * SECOND)
    assert (clock.now, clock.elapsed) == (START, 0)


def test_a_manual_clock_stands_still_while_clients_ask(clock_of: ClockOf) -> None:
    """Every request is at the same instant."""
    clock = clock_of(Manual())
    assert [clock.on_request() for _ in range(3)] == [START] * 3


def test_a_clock_per_request_moves_before_each_answer(clock_of: ClockOf) -> None:
    """By its step, beside what it is advanced by."""
    clock = clock_of(PER_REQUEST)
    first = clock.on_request()
    clock.advance("10s")
    second = clock.on_request()
    assert [instant - START for instant in (first, second)] == [3 * SECOND, 16 * SECOND]
    assert clock.now == second


@pytest.mark.parametrize(
    ("factor", "passed", "moved"),
    [
        (1.0, 7, 7),
        (60.0, SECOND, 60 * SECOND),
        (0.5, SECOND, SECOND // 2),
        (0.0, SECOND, 0),
        (1e9, 1, SECOND),
    ],
)
def test_a_clock_with_a_rate_follows_real_time(
    factor: float, passed: int, moved: int, clock_of: ClockOf, real: FakeMonotonic
) -> None:
    """So many seconds in each real one; reading it twice moves it once."""
    clock = clock_of(Rate(factor))
    real.pass_by(passed)
    assert clock.now - START == moved
    assert clock.now - START == moved


def test_requests_do_not_move_a_clock_with_a_rate(clock_of: ClockOf, real: FakeMonotonic) -> None:
    """They see what real time has made of it."""
    clock = clock_of(Rate(2.0))
    real.pass_by(SECOND)
    assert clock.on_request() == clock.on_request() == START + 2 * SECOND


def test_a_clock_with_a_rate_can_be_advanced_too(clock_of: ClockOf, real: FakeMonotonic) -> None:
    """Both add up."""
    clock = clock_of(Rate(10.0))
    real.pass_by(SECOND)
    clock.advance("1m")
    real.pass_by(SECOND)
    assert clock.elapsed == 80 * SECOND


# --- never backwards -------------------------------------------------------------------------


def test_a_clock_does_not_follow_real_time_backwards(
    clock_of: ClockOf, real: FakeMonotonic
) -> None:
    """It stands still meanwhile and goes on from there."""
    clock = clock_of(Rate(1.0))
    real.pass_by(10 * SECOND)
    before = clock.now
    real.pass_by(-4 * SECOND)
    during = clock.now
    real.pass_by(SECOND)
    assert (during, clock.now) == (before, before + SECOND)


@pytest.mark.parametrize("factor", [-1.0, -0.001])
def test_a_negative_rate_does_not_turn_time_back(
    factor: float, clock_of: ClockOf, real: FakeMonotonic
) -> None:
    """The clock stands still."""
    clock = clock_of(Rate(factor))
    real.pass_by(SECOND)
    assert clock.now == START


def test_an_advance_into_the_past_is_refused(clock_of: ClockOf, settled: list[Instant]) -> None:
    """Nothing has moved and nothing was settled."""
    clock = clock_of(Manual())
    with pytest.raises(ValueError, match="cluster time only moves forward, not by -1 ns"):
        clock.advance(Duration(-1))
    assert (clock.now, settled) == (START, [])


@pytest.mark.parametrize("policy", [Manual(), PerRequest(Duration(10**20)), Rate(1e12)])
def test_time_stands_still_at_its_end(
    policy: TimePolicy, clock_of: ClockOf, real: FakeMonotonic
) -> None:
    """However it is moved; every instant up to there can be written."""
    clock = clock_of(policy)
    for _ in range(200):
        clock.advance("36500d")
    real.pass_by(10**12)
    assert clock.on_request() == clock.now == END_OF_TIME
    assert clock.datetime.year == 9000


def test_a_clock_that_starts_after_the_end_of_time_stands_still_too(real: FakeMonotonic) -> None:
    """It does not go back to it."""
    start = parse_rfc3339("9999-01-01T00:00:00Z")
    clock = Clock(Manual(), start, monotonic_ns=real)
    clock.advance("1s")
    assert (clock.now, clock.elapsed) == (start, 0)


# --- advancing -------------------------------------------------------------------------------


@pytest.mark.parametrize("length", ["1m30s", "90s", Duration(90 * SECOND)])
def test_a_clock_is_advanced_by_text_or_by_nanoseconds(
    length: str | Duration, clock_of: ClockOf
) -> None:
    """Which mean the same."""
    clock = clock_of(Manual())
    clock.advance(length)
    assert (clock.now, clock.elapsed) == (START + 90 * SECOND, 90 * SECOND)


@pytest.mark.parametrize("text", ["", "soon", "90", "-5s", "5 s", "5S", "1s1m", "s", "1e3s", "∞"])
def test_an_advance_by_no_duration_is_refused(
    text: str, clock_of: ClockOf, settled: list[Instant]
) -> None:
    """The sentence says what was found and how to write it."""
    clock = clock_of(Manual())
    with pytest.raises(ValueError, match="is not a duration; write one like 90s, 1m30s") as caught:
        clock.advance(text)
    assert str(caught.value).startswith(repr(text))
    assert (clock.now, settled) == (START, [])


# --- settling --------------------------------------------------------------------------------


def test_every_move_is_settled_at_where_it_leads(clock_of: ClockOf, settled: list[Instant]) -> None:
    """An advance by nothing as well, and every request."""
    clock = clock_of(PER_REQUEST)
    clock.advance("1s")
    clock.advance("0s")
    clock.on_request()
    assert [instant - START for instant in settled] == [SECOND, SECOND, 4 * SECOND]


def test_a_request_is_settled_also_where_it_moves_nothing(
    clock_of: ClockOf, settled: list[Instant]
) -> None:
    """Real time may have moved the clock since."""
    clock_of(Manual()).on_request()
    assert settled == [START]


def test_looking_at_the_time_settles_nothing(
    clock_of: ClockOf, real: FakeMonotonic, settled: list[Instant]
) -> None:
    """Nothing is settled by reading."""
    clock = clock_of(Rate(1.0))
    real.pass_by(SECOND)
    assert [clock.now - START, clock.elapsed, clock.datetime.second] == [SECOND, SECOND, 6]
    assert settled == []


def test_time_has_moved_when_it_is_settled(real: FakeMonotonic) -> None:
    """Whoever settles reads the new time."""
    seen: list[Instant] = []
    clock = Clock(Manual(), START, settle=lambda _: seen.append(clock.now), monotonic_ns=real)
    clock.advance("2s")
    assert seen == [START + 2 * SECOND]


# --- how it shows ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2019-03-18T23:16:33Z", 0),
        ("2019-03-18T23:16:33.265478871Z", 265478),
        ("2019-03-18T23:16:33.999999999Z", 999999),
        ("2019-03-18T23:16:33.000000999Z", 0),
    ],
)
def test_a_datetime_is_cut_to_microseconds(text: str, microsecond: int) -> None:
    """Never rounded up: a library must not see a time that is still to come."""
    clock = Clock(Manual(), parse_rfc3339(text))
    assert clock.datetime == datetime(2019, 3, 18, 23, 16, 33, microsecond, UTC)


@pytest.mark.parametrize("text", ["1969-12-31T23:59:59.5Z", "9999-12-31T23:59:59.999999999Z"])
def test_a_datetime_knows_every_year(text: str) -> None:
    """Before 1970 and to the end."""
    assert Clock(Manual(), parse_rfc3339(text)).datetime.isoformat()[:19] == text[:19]


def test_a_clock_starts_where_the_documented_sample_was_made() -> None:
    """The same on any day, with nine digits of a second."""
    clock = Clock(Manual())
    documented = parse_rfc3339("2019-03-18T23:16:33.265478871Z")
    assert clock.start == clock.now == documented == DEFAULT_START


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (Manual(), "manual"),
        (PerRequest(parse_duration("1m30s")), "1m30s per request"),
        (Rate(60.0), "60 s in each real second"),
        (Rate(0.5), "0.5 s in each real second"),
    ],
)
def test_a_policy_says_what_it_is(policy: TimePolicy, text: str) -> None:
    """For people."""
    assert str(policy) == text


def test_real_time_runs_forward_and_is_past_the_writing_of_this_test() -> None:
    """In nanoseconds, both kinds of it."""
    first, second = RealTime.monotonic_ns(), RealTime.monotonic_ns()
    assert second >= first > 0
    assert RealTime.monotonic() > 0
    assert RealTime.now() > parse_rfc3339("2024-01-01T00:00:00Z")


@pytest.mark.parametrize("step", [1.5, None])
def test_only_whole_nanoseconds_pass(step: object) -> None:
    """Or a float would get into every timestamp."""
    clock = Clock(Manual())
    with pytest.raises(ValueError, match="is not a duration; write one like 90s, or nanoseconds"):
        clock.advance(step)  # type: ignore[arg-type] # what a type checker would find
    assert clock.elapsed == 0
