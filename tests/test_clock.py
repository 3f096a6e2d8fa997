from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from simulator.chance import SeededChance
from simulator.clock import DEFAULT_START, END_OF_TIME, Clock, ClockError, RealTime
from simulator.core.faults import Asked
from simulator.core.instants import Duration, Instant, parse_duration, parse_rfc3339
from simulator.core.time_policies import Manual, PerRequest, Rate, TimePolicy

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


A_LIST = Asked("list", "GET", "/system/v1/backup/v1/list")


class Script:
    """A cluster with one backup, ``first``, that becomes something at certain instants."""

    def __init__(self, settled: list[Instant], *changes: tuple[int, str]) -> None:
        """Let it become each text so many seconds after 1970."""
        self._settled = settled
        self._changes = changes
        self._now = Instant(0)

    def settle(self, now: Instant) -> None:
        """Take note of it."""
        self._now = now
        self._settled.append(now)

    def next_deadline(self) -> Instant | None:
        """Return when it changes next."""
        ahead = [Instant(at * SECOND) for at, _ in self._changes if at * SECOND > self._now]
        return ahead[0] if ahead else None

    def status_of(self, backup: str, *, restore: bool) -> str:
        """Return what it is now."""
        assert (backup, restore) == ("first", False)
        return [status for at, status in self._changes if at * SECOND <= self._now][-1]


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
        return Clock(policy, START, cluster=Script(settled), monotonic_ns=real)

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
    assert [clock.on_request(A_LIST) for _ in range(3)] == [START] * 3


def test_a_clock_per_request_moves_before_each_answer(clock_of: ClockOf) -> None:
    """By its step, beside what it is advanced by."""
    clock = clock_of(PER_REQUEST)
    first = clock.on_request(A_LIST)
    clock.advance("10s")
    second = clock.on_request(A_LIST)
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
    assert clock.on_request(A_LIST) == clock.on_request(A_LIST) == START + 2 * SECOND


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
    assert clock.on_request(A_LIST) == clock.now == END_OF_TIME
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
    clock.on_request(A_LIST)
    assert [instant - START for instant in settled] == [SECOND, SECOND, 4 * SECOND]


def test_a_request_is_settled_also_where_it_moves_nothing(
    clock_of: ClockOf, settled: list[Instant]
) -> None:
    """Real time may have moved the clock since."""
    clock_of(Manual()).on_request(A_LIST)
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

    class Looking(Script):
        def settle(self, now: Instant) -> None:
            assert clock.now == now
            seen.append(now)

    clock = Clock(Manual(), START, cluster=Looking(seen), monotonic_ns=real)
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


# --- per request: by kind, with jitter, with a floor ---------------------------------------------


@pytest.mark.parametrize(
    ("asked", "moved"),
    [
        (A_LIST, 30),
        (Asked("create", "POST", "/system/v1/backup/v1/create"), 2),
        (Asked("", "GET", "/service/marathon/v2/apps"), 7),
        (Asked("", "GET", "/metadata"), 0),
        (Asked("delete", "DELETE", "/system/v1/backup/v1/delete"), 0),
    ],
)
def test_each_kind_of_request_has_its_step(asked: Asked, moved: int, clock_of: ClockOf) -> None:
    """By operation, HTTP method or path; the first that fits counts."""
    clock = clock_of(PerRequest({"list": "30s", "POST": "2s", "/service/*": "7s", "GET": "0s"}))
    assert clock.on_request(asked) - START == moved * SECOND


def test_a_step_between_two_is_drawn_anew_for_each_request() -> None:
    """From the seed: the same for the same one."""

    def steps(seed: str) -> list[int]:
        clock = Clock(PerRequest(("8s", "12s")), chance=SeededChance(seed))
        instants = [clock.start, *(clock.on_request(A_LIST) for _ in range(50))]
        return [end - start for start, end in pairwise(instants)]

    assert steps("a") == steps("a") != steps("b")
    assert all(8 * SECOND <= step <= 12 * SECOND for step in steps("a"))
    assert len(set(steps("a"))) == 50


@pytest.mark.parametrize(
    ("paused", "moved"), [(0, 3), (1, 3), (2, 4), (60, 120)], ids=lambda value: f"{value}s"
)
def test_a_floor_of_real_time_counts_where_it_is_more_than_the_step(
    paused: int, moved: int, clock_of: ClockOf, real: FakeMonotonic
) -> None:
    """A program that pauses for long sees that time pass; one that does not sees the step."""
    clock = clock_of(PerRequest("3s", rate=2.0))
    first = clock.on_request(A_LIST)
    real.pass_by(paused * SECOND)
    assert clock.now == first
    assert clock.on_request(A_LIST) - first == moved * SECOND


def test_a_floor_counts_also_for_requests_that_have_no_step(
    clock_of: ClockOf, real: FakeMonotonic
) -> None:
    """It is about time, whoever asks for what."""
    clock = clock_of(PerRequest({"create": "3s"}, rate=1.0))
    real.pass_by(5 * SECOND)
    assert clock.on_request(A_LIST) - START == 5 * SECOND


# --- pausing, stepping, running ------------------------------------------------------------------


@pytest.mark.parametrize("policy", [PER_REQUEST, Rate(2.0), PerRequest("3s", rate=5.0)])
def test_a_paused_clock_moves_only_when_it_is_advanced(
    policy: TimePolicy, clock_of: ClockOf, real: FakeMonotonic
) -> None:
    """And the pause is left out when it goes on."""
    clock = clock_of(policy)
    clock.pause()
    assert clock.is_paused
    real.pass_by(100 * SECOND)
    clock.on_request(A_LIST)
    assert clock.now == START
    clock.advance("1s")
    assert clock.now - START == SECOND
    clock.resume()
    assert clock.now - START == SECOND


def test_a_clock_goes_on_as_its_policy_says_after_a_pause(
    clock_of: ClockOf, real: FakeMonotonic
) -> None:
    """With the time that passes from then on."""
    clock = clock_of(Rate(2.0))
    real.pass_by(SECOND)
    clock.pause()
    real.pass_by(100 * SECOND)
    clock.resume()
    real.pass_by(SECOND)
    assert clock.now - START == 4 * SECOND


def test_the_policy_can_be_changed(clock_of: ClockOf, real: FakeMonotonic) -> None:
    """What has passed before passed as the old one said."""
    clock = clock_of(Rate(2.0))
    real.pass_by(SECOND)
    clock.policy = Rate(10.0)
    real.pass_by(SECOND)
    clock.policy = Manual()
    real.pass_by(SECOND)
    assert clock.now - START == 12 * SECOND


@pytest.fixture
def scripted(real: FakeMonotonic, settled: list[Instant]) -> Clock:
    """Return the clock of a backup that begins at 5 s and is ready at 100 s."""
    changes = (0, "STATUS_BACKING_UP"), (60, "STATUS_BACKING_UP"), (100, "STATUS_READY")
    return Clock(Manual(), START, cluster=Script(settled, *changes), monotonic_ns=real)


def test_a_single_step_leads_to_the_next_event(scripted: Clock, settled: list[Instant]) -> None:
    """Exactly there, and says when it was."""
    assert [scripted.advance_to_next(), scripted.advance_to_next()] == [60 * SECOND, 100 * SECOND]
    assert settled[-1] == scripted.now == 100 * SECOND


def test_a_single_step_to_nowhere_says_so(scripted: Clock) -> None:
    """Time has not moved."""
    scripted.advance("1h")
    before = scripted.now
    with pytest.raises(ClockError, match="nothing changes by itself any more"):
        scripted.advance_to_next()
    assert scripted.now == before


def test_time_runs_until_a_status(scripted: Clock) -> None:
    """To the nanosecond, and not at all where it is there already."""
    assert scripted.run_until("first", "STATUS_READY") == 100 * SECOND
    assert scripted.run_until("first", "STATUS_READY", within="0s") == 100 * SECOND


def test_a_run_ends_at_its_bound(scripted: Clock) -> None:
    """What lies exactly there still counts; a nanosecond less does not."""
    with pytest.raises(ClockError, match="first is STATUS_BACKING_UP, still after 1m34s"):
        scripted.run_until("first", "STATUS_READY", within="94s")
    assert scripted.now == 99 * SECOND
    assert scripted.run_until("first", "STATUS_READY", within="1s") == 100 * SECOND


def test_a_run_to_what_never_comes_ends_at_once(scripted: Clock) -> None:
    """It says how it stands then."""
    with pytest.raises(
        ClockError, match="first is STATUS_READY, and time alone does not make it STATUS_ERROR"
    ):
        scripted.run_until("first", "STATUS_ERROR")
    assert scripted.now == 100 * SECOND


def test_a_run_sees_what_real_time_has_brought(real: FakeMonotonic, settled: list[Instant]) -> None:
    """On a clock with a rate."""
    changes = (0, "STATUS_BACKING_UP"), (100, "STATUS_READY")
    clock = Clock(Rate(60.0), START, cluster=Script(settled, *changes), monotonic_ns=real)
    real.pass_by(2 * SECOND)
    assert clock.run_until("first", "STATUS_READY", within="0s") == 125 * SECOND
