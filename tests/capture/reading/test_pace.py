import pytest

from simulator.capture.reading.pace import Moment, cluster_times
from simulator.core.instants import NANOSECONDS_PER_SECOND, Instant


def moment(asked: float, date: float | None, lasted: float = 0.001) -> Moment:
    """Return a moment, in seconds."""
    at = Instant(int(asked * NANOSECONDS_PER_SECOND))
    came = Instant(int((asked + lasted) * NANOSECONDS_PER_SECOND))
    dated = None if date is None else Instant(int(date) * NANOSECONDS_PER_SECOND)
    return Moment(at, came, dated)


def times(*moments: Moment) -> list[float] | None:
    """Return when they were for the cluster, in seconds."""
    found = cluster_times(moments)
    return None if found is None else [each / NANOSECONDS_PER_SECOND for each in found]


@pytest.mark.parametrize(
    "moments",
    [
        [],
        [moment(1, None), moment(100, None)],
        [moment(1, 500)],
        [moment(1, 1), moment(50, 50), moment(100, 100)],  # one clock
        [moment(1, 500), moment(1.9, 500), moment(60.5, 559)],  # another, of the same pace
        [moment(1, 500), moment(2, 600, lasted=99)],  # an answer that came late
        [moment(1, 500), moment(100, 598)],  # a clock that was set right
        [moment(1, 700), moment(2, 500), moment(3, 600)],  # dates that run backwards
    ],
)
def test_a_capture_is_trusted_where_its_clock_can_be_right(moments: list[Moment]) -> None:
    """Its times are finer than whole seconds."""
    assert times(*moments) is None


def test_dates_are_taken_where_the_clusters_time_runs_faster() -> None:
    """Within their second, at an even pace: 60 seconds in one."""
    found = times(moment(0, 100), moment(0.005, 100), moment(0.51, 130), moment(1, 160))
    assert found == [100, 100.3, 130.6, 160]


def test_time_may_be_moved_by_hand() -> None:
    """Then no pace is even, and dates alone count."""
    found = times(moment(0, 100), moment(1, 101), moment(2, 700), moment(3, 701))
    assert found is not None
    assert [int(each) for each in found] == [100, 101, 700, 701]


def test_what_has_no_date_has_its_place_between_those_that_have() -> None:
    """A connection that was reset says nothing."""
    found = times(moment(0, 100), moment(0.5, None), moment(1, 160), moment(1.1, None))
    assert found == [100, 130, 160, 166]
