"""Programs that poll by themselves: time moves with each of their requests, so nobody waits."""

from collections.abc import Callable
from typing import Any

import pytest

from simulator import FakeCluster, PerRequest
from simulator.core.instants import parse_duration

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def cluster(clusters: Callable[..., FakeCluster]) -> FakeCluster:
    """Return a cluster whose time moves by ten seconds at each request."""
    return clusters(policy=PerRequest(parse_duration("10s")))


def _back_up_and_wait(cluster: FakeCluster, ask: Ask, label: str, polls_max: int = 20) -> str:
    """Stand for a whole program: start a backup, poll, return the status it gave up or ended at."""
    _, backup = ask(cluster, "POST", "/create", {"label": label})
    for _ in range(polls_max):
        _, [shown] = ask(cluster, "GET", f"/list?prefix={backup['id']}")
        if shown["status"] in {"STATUS_READY", "STATUS_ERROR"}:
            break
    return str(shown["status"])


def test_it_ends_when_the_backup_is_ready(cluster: FakeCluster, ask: Ask) -> None:
    """A minute and a half are the nine polls that the program sees go by."""
    cluster.on_create("nightly").backing_up("90s")
    assert _back_up_and_wait(cluster, ask, "nightly") == "STATUS_READY"
    assert len(cluster.journal.exchanges) == 1 + 9


def test_it_ends_when_the_backup_is_in_error(cluster: FakeCluster, ask: Ask) -> None:
    """An error is an end: whoever waits for STATUS_READY alone waits for ever."""
    cluster.on_create().backing_up("30s").error("disk full")
    assert _back_up_and_wait(cluster, ask, "nightly") == "STATUS_ERROR"


def test_it_passes_statuses_that_it_does_not_know(cluster: FakeCluster, ask: Ask) -> None:
    """Only the two ends end it; a status nobody documented is one more to wait through."""
    script = cluster.on_create()
    script.backing_up("20s", shown_as="STATUS_QUEUED", overall="STATUS_QUEUED").backing_up("20s")
    assert _back_up_and_wait(cluster, ask, "nightly") == "STATUS_READY"


def test_it_gives_up_on_a_backup_that_never_ends(cluster: FakeCluster, ask: Ask) -> None:
    """A program without a limit of its own would never come back."""
    cluster.on_create().backing_up()
    assert _back_up_and_wait(cluster, ask, "nightly") == "STATUS_BACKING_UP"
    assert ask(cluster, "POST", "/create", {"label": "weekly"})[0] == 400
