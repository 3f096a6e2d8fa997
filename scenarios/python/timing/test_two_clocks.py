"""Two clusters with different times, and one client that copies from one to the other."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from simulator import FakeCluster
from simulator.core.instants import parse_rfc3339

Clusters = Callable[..., FakeCluster]
Connect = Callable[[FakeCluster], Any]

UUID_LENGTH = 36


def test_a_client_copies_what_is_here_to_there(clusters: Clusters, connect: Connect) -> None:
    """What the client sleeps passes in both; what it makes there has the time of there."""
    here = clusters(start=parse_rfc3339("2026-06-01T00:00:00Z"), made_up_backups=20)
    there = clusters(start=parse_rfc3339("2019-12-31T23:50:00Z"))
    there.on_create().backing_up("90s")
    with here.autojump(there):
        source, target = connect(here), connect(there)
        wanted = [each for each in source.list() if each["status"] == "STATUS_READY"]
        for backup in wanted:
            label = backup["id"][: -len("-") - UUID_LENGTH]
            copy = target.create(label)
            assert target.wait(copy["id"], within=120) == "STATUS_READY"
        years = {each["timestamp"][: len("2020")] for each in target.list()}

    assert here.clock.elapsed == there.clock.elapsed == len(wanted) * 90 * 10**9
    copied = [backup.label for backup in there.backups.values()]
    labels_here = [backup.label for backup in here.backups.values()]
    assert len(copied) == len(wanted) > 10
    assert set(copied) <= set(labels_here)
    assert len(here.backups) == 20
    assert years == {"2019", "2020"}


def test_a_clock_of_one_cluster_says_nothing_of_the_other(
    clusters: Clusters, connect: Connect
) -> None:
    """A backup is as old as the cluster that holds it says; the client's clock is the first's."""
    here = clusters(start=parse_rfc3339("2026-06-01T00:00:00Z"))
    there = clusters(start=parse_rfc3339("2026-06-11T00:00:00Z"))
    with here.autojump(there):
        source, target = connect(here), connect(there)
        backup = target.create("nightly")
        there.clock.advance("2d")
        here.clock.advance("1h")
        [shown] = target.list()
        age = parsedate_to_datetime(target.date) - datetime.fromisoformat(shown["timestamp"])
        assert age == timedelta(days=2)
        assert target.age(shown) == timedelta()  # by its own clock it is not even made yet
        assert source.list() == []
        assert shown["id"] == backup["id"]
