from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.core.instants import (
    LONGEST,
    NANOSECONDS_PER_SECOND,
    ZERO,
    Duration,
    Instant,
    after,
    duration_text,
    elapsed,
    parse_duration,
    parse_rfc3339,
    rfc3339,
)

SECOND = NANOSECONDS_PER_SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = (datetime(1, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(seconds=1) * SECOND
LAST = (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - EPOCH) // timedelta(seconds=1) * SECOND

repeatable = settings(deadline=None, derandomize=True, database=None)
durations = st.integers(0, LONGEST).map(Duration)
instants = st.integers(FIRST, LAST + SECOND - 1).map(Instant)


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0s", 0),
        ("90s", 90 * SECOND),
        ("1m30s", 90 * SECOND),
        ("1.5h", 5_400 * SECOND),
        ("250ms", SECOND // 4),
        ("5m5ms", 300 * SECOND + 5_000_000),
        ("0.000000001s", 1),
        ("1.000000001s", SECOND + 1),
        ("1d2h3m4s5ms6us7ns", 93_784 * SECOND + 5_006_007),
        ("007s", 7 * SECOND),
    ],
)
def test_a_duration_is_read_to_the_nanosecond(text: str, nanoseconds: int) -> None:
    """No unit and no fraction is rounded."""
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "90",
        "-1s",
        "+1s",
        "1S",
        "1 s",
        " 1s",
        "1s ",
        "1s\n",
        "1m 30s",
        "30s1m",
        "1s1s",
        "1ms1s",
        "1.s",
        ".5s",
        "1,5s",
        "1e3s",
        "1.0000000001s",
        "1s x",
        "x1s",
        "1w",
        "\u0661s",
        "forever",
    ],
)
def test_anything_else_is_no_duration(text: str) -> None:
    """One sentence says what was found and how to write it."""
    with pytest.raises(ValueError, match="is not a duration") as caught:
        parse_duration(text)
    assert str(caught.value) == (
        f"{text!r} is not a duration; write one like 90s, 1m30s, 2h or 250ms"
    )


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (SECOND // 4, "250ms"),
        (90 * SECOND, "1m30s"),
        (86_400 * SECOND, "1d"),
        (93_784 * SECOND + 5_006_007, "1d2h3m4s5ms6us7ns"),
    ],
)
def test_a_duration_is_written_with_the_largest_units_first(nanoseconds: int, text: str) -> None:
    """A unit that counts nothing is left out."""
    assert duration_text(Duration(nanoseconds)) == text


def test_no_duration_is_longer_than_a_hundred_years() -> None:
    """So that every time that can be reached can be written."""
    assert parse_duration("36500d") == LONGEST
    with pytest.raises(ValueError, match="the longest duration is 36500d"):
        parse_duration("36500d1ns")


@repeatable
@given(durations)
def test_a_written_duration_reads_back_as_itself(duration: Duration) -> None:
    """Writing loses nothing."""
    assert parse_duration(duration_text(duration)) == duration


@repeatable
@given(instants, durations)
def test_what_elapsed_is_what_was_added(instant: Instant, duration: Duration) -> None:
    """``after`` and ``elapsed`` undo each other."""
    assert elapsed(instant, after(instant, duration)) == duration


def test_nothing_elapses_between_an_instant_and_itself() -> None:
    """The shortest span is allowed."""
    assert elapsed(Instant(7), Instant(7)) == ZERO


def test_no_span_runs_backwards() -> None:
    """Asking for one is our own mistake."""
    with pytest.raises(AssertionError, match="6 is before 7"):
        elapsed(Instant(7), Instant(6))


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1969-12-31T23:59:59.5Z", -SECOND // 2),
        ("2019-03-18T23:16:33Z", 1_552_950_993 * SECOND),
        ("2019-03-18T23:16:33.26547887Z", 1_552_950_993_265_478_870),
        ("2019-03-18T23:16:33.265478871Z", 1_552_950_993_265_478_871),
        ("2020-02-29T00:00:00Z", 1_582_934_400 * SECOND),
        ("1901-12-13T20:45:52Z", -(2**31) * SECOND),
    ],
)
def test_an_instant_is_read_and_written_as_the_service_does(text: str, nanoseconds: int) -> None:
    """Nine digits, eight and none: trailing zeros are dropped."""
    assert parse_rfc3339(text) == nanoseconds
    assert rfc3339(Instant(nanoseconds)) == text


@pytest.mark.parametrize(
    "text",
    [
        "2019-03-18T23:16:33z",
        "2019-03-18t23:16:33Z",
        "2019-03-18T23:16:33.000000000Z",
        "2019-03-18T23:16:33+00:00",
        "2019-03-18T23:16:33-00:00",
        "2019-03-19T00:46:33+01:30",
        "2019-03-18T15:16:33-08:00",
        "2019-03-19T23:15:33+23:59",
    ],
)
def test_one_instant_may_be_written_in_many_ways(text: str) -> None:
    """Offsets and lower-case letters are read as RFC 3339 allows."""
    assert rfc3339(parse_rfc3339(text)) == "2019-03-18T23:16:33Z"


@repeatable
@given(instants)
def test_a_written_instant_reads_back_as_itself(instant: Instant) -> None:
    """In every year that four digits can write."""
    assert parse_rfc3339(rfc3339(instant)) == instant


@repeatable
@given(
    st.datetimes(),
    st.integers(-1439, 1439),
)
def test_an_offset_says_how_far_the_local_time_is_ahead(local: datetime, minutes: int) -> None:
    """Agrees with Python's own arithmetic, to the microsecond."""
    zoned = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_rfc3339(zoned.isoformat()) == (zoned - EPOCH) // timedelta(microseconds=1) * 1_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2019-03-18",
        "2019-03-18T23:16:33",
        "2019-03-18 23:16:33Z",
        "2019-03-18T23:16Z",
        "2019-03-18T23:16:33.Z",
        "2019-03-18T23:16:33.2654788711Z",
        "2019-03-18T23:16:33,5Z",
        "2019-03-18T23:16:33+0100",
        "2019-03-18T23:16:33+01:75",
        "2019-03-18T23:16:33+99:00",
        "2019-03-18T23:16:60Z",
        "2019-03-18T25:16:33Z",
        "2019-13-18T23:16:33Z",
        "2019-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2019-03-18T23:16:33Z\n",
        " 2019-03-18T23:16:33Z",
        "२०१९-03-18T23:16:33Z",
    ],
)
def test_anything_else_is_no_timestamp(text: str) -> None:
    """One sentence says what was found and how to write it."""
    with pytest.raises(ValueError, match="is not a timestamp") as caught:
        parse_rfc3339(text)
    assert str(caught.value).startswith(
        f"{text!r} is not a timestamp; write one like 2019-03-18T23:16:33.265478871Z"
    )
    assert "\n" not in str(caught.value)
