"""Times are read as logs, terminals, browsers and names of files write them."""

import pytest

from simulator.capture.reading.times import (
    go_time,
    http_date,
    time_in_line,
    time_in_name,
    time_in_text,
)
from simulator.core.instants import Instant, parse_rfc3339, rfc3339

NEAR = parse_rfc3339("2019-03-18T23:16:33Z")


def written(at: Instant | None) -> str:
    """Return a time as text; nothing for none."""
    return "" if at is None else rfc3339(at)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2019-03-18T23:17:00.5Z poll", "2019-03-18T23:17:00.5Z"),
        ("[2019-03-18 23:17:00,123] INFO", "2019-03-18T23:17:00.123Z"),
        ("2019/03/18 23:17:00 got", "2019-03-18T23:17:00Z"),
        ("20190318T231700Z", "2019-03-18T23:17:00Z"),
        ("2019-03-19T01:17:00+02:00", "2019-03-18T23:17:00Z"),
        ("2019-03-18T18:17:00-0500", "2019-03-18T23:17:00Z"),
        ("2019-03-19 04:47:00 +0530", "2019-03-18T23:17:00Z"),
        ("2019-03-19 01:17:00+02", "2019-03-18T23:17:00Z"),
        ("2019-03-19 00:17:00 CET", "2019-03-18T23:17:00Z"),
        ("Tue Mar 19 00:17:00 CET 2019", "2019-03-18T23:17:00Z"),
        ("Mon Mar 18 23:17:00 UTC 2019", "2019-03-18T23:17:00Z"),
        ("Mon 18 Mar 2019 11:17:00 PM UTC", "2019-03-18T23:17:00Z"),
        ("Mon, 18 Mar 2019 23:17:00 +0000", "2019-03-18T23:17:00Z"),
        ("Every 2.0s: dcos backup list   m1: Mon Mar 18 23:17:00 2019", "2019-03-18T23:17:00Z"),
        ('m1 - - [18/Mar/2019:23:17:00 +0000] "GET', "2019-03-18T23:17:00Z"),
        ("3/18/2019, 11:17:00 PM", "2019-03-18T23:17:00Z"),
        ("3/18/2019, 12:17:00 AM", "2019-03-18T00:17:00Z"),
        ("Mon Mar 18 23:17:00 XYZ 2019", "2019-03-18T23:17:00Z"),
        ("2019-02-30T00:00:00Z", ""),
        ("2019-03-18T25:00:00Z", ""),
        ("0001-01-01T00:00:00Z", ""),
        ("nothing", ""),
    ],
)
def test_a_text_names_a_time(text: str, at: str) -> None:
    """In UTC; what names no zone, or an unknown one, is taken for that."""
    assert written(time_in_text(text)) == at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Sun Mar 31 01:59:59 CET 2019", "2019-03-31T00:59:59Z"),
        ("Sun Mar 31 03:00:00 CEST 2019", "2019-03-31T01:00:00Z"),
        ("Sun Oct 27 02:30:00 CEST 2019", "2019-10-27T00:30:00Z"),
        ("Sun Oct 27 02:30:00 CET 2019", "2019-10-27T01:30:00Z"),
        ("Sun Nov  3 01:30:00 EDT 2019", "2019-11-03T05:30:00Z"),
        ("Sun Nov  3 01:30:00 EST 2019", "2019-11-03T06:30:00Z"),
    ],
)
def test_the_hour_that_comes_twice_is_told_by_its_zone(text: str, at: str) -> None:
    """And the one that is left out is no hour at all."""
    assert written(time_in_text(text)) == at


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("1552951020 {}", "2019-03-18T23:17:00Z"),
        ("1552951020123 {}", "2019-03-18T23:17:00.123Z"),
        ("1552951020.25", "2019-03-18T23:17:00.25Z"),
        ("15529510201234", ""),
        ("552951020", ""),
    ],
)
def test_a_line_may_begin_with_seconds_or_milliseconds(line: str, at: str) -> None:
    """Since 1970, as many digits as these years have."""
    assert written(time_in_line(line)) == at


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("Mar 18 23:17:00 m1 poll[7]: {", "2019-03-18T23:17:00Z"),
        ("<34>Mar 18 23:17:00 m1 poll: {", "2019-03-18T23:17:00Z"),
        ("Dec 31 23:59:59 m1 poll: {", "2018-12-31T23:59:59Z"),
        ("I0318 23:17:00.5 1 poll.go:12] {", "2019-03-18T23:17:00.5Z"),
        ("23:17:00 {", "2019-03-18T23:17:00Z"),
        ("--- 00:17:00 ---", "2019-03-19T00:17:00Z"),
        ("took 23:17:00", ""),
        ("Mar 45 23:17:00", ""),
        ("99:99:99", ""),
    ],
)
def test_a_line_may_lack_the_year_or_the_day(line: str, at: str) -> None:
    """Then it is the nearest to a time that is known; without one it is none."""
    assert written(time_in_line(line, NEAR)) == at
    assert time_in_line(line) is None


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("show-20190318-231700.json", "2019-03-18T23:17:00Z"),
        ("show_2019-03-18T23-17-00Z.json", "2019-03-18T23:17:00Z"),
        ("2019-03-18 23.17.00.json", ""),
        ("2019-03-18_23-17-00-0001.json", "2019-03-18T23:17:00Z"),
        ("2019-03-18_18-17-00-0500.json", "2019-03-18T23:17:00Z"),
        ("show-1552951020.json", "2019-03-18T23:17:00Z"),
        ("show-3.json", ""),
    ],
)
def test_a_name_of_a_file_may_hold_a_time(name: str, at: str) -> None:
    """A number behind it that is no zone counts files."""
    assert written(time_in_name(name)) == at


@pytest.mark.parametrize(
    ("header", "at"),
    [
        ("Mon, 18 Mar 2019 23:17:00 GMT", "2019-03-18T23:17:00Z"),
        ("Mon, 18 Mar 0000 23:17:00 GMT", "2000-03-18T23:17:00Z"),
        ("Mon, 18 Mar 99999 23:17:00 GMT", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_a_date_header_names_a_time(header: str, at: str) -> None:
    """Or, of another form, none."""
    assert written(http_date(header)) == at


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("2019-03-18 23:06:41.836197172 +0000 UTC", "2019-03-18T23:06:41.836197172Z"),
        ("2019-03-18 23:06:41 +0200 CEST", "2019-03-18T23:06:41+02:00"),
        ("2019-03-18 23:06:41 -0000 UTC", "2019-03-18T23:06:41Z"),
        (" yesterday ", "yesterday"),
    ],
)
def test_the_time_of_a_table_becomes_that_of_the_api(text: str, wire: str) -> None:
    """What is no such time stays as it is."""
    assert go_time(text) == wire
