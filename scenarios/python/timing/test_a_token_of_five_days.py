"""A token is good for five days (documented), and the backup takes six.

The cluster's side of it is a thread here: it sleeps until the token's end, and then the token is
not accepted any more.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread
from typing import Any

import pytest

from simulator import FakeCluster

Connect = Callable[[FakeCluster], Any]

LIFETIME = timedelta(days=5)
HOUR, DAY = 3600, 86400


class Login:
    """Stands for logging in: the token is good again, for five days from now."""

    def __init__(self, cluster: FakeCluster) -> None:
        self._cluster = cluster
        self._lock = Lock()
        self.times = 0
        self()

    def __call__(self) -> None:
        """Log in once more."""
        with self._lock:
            self._cluster.accept_tokens()
            self.times += 1
            self.expires_at = datetime.now(UTC) + LIFETIME

    def expire(self) -> None:
        """Let the token be good no longer, if it is over."""
        with self._lock:
            if self.seconds_left <= 0:
                self._cluster.revoke_tokens()

    @property
    def seconds_left(self) -> float:
        """How long the token is good from now on."""
        return (self.expires_at - datetime.now(UTC)).total_seconds()


@contextmanager
def _expiring(cluster: FakeCluster) -> Iterator[Login]:
    login, is_over = Login(cluster), Event()

    def expire() -> None:
        while not is_over.wait(max(login.seconds_left, 60)):
            login.expire()

    thread = Thread(target=expire)
    thread.start()
    try:
        yield login
    finally:
        is_over.set()
        thread.join()


def _refusals(cluster: FakeCluster) -> int:
    return sum(exchange.status == 401 for exchange in cluster.journal.exchanges)


def test_a_client_that_renews_in_time_is_never_refused(
    autojump_cluster: FakeCluster, connect: Connect
) -> None:
    """It knows when the token ends, and logs in again an hour before."""
    autojump_cluster.on_create().backing_up("6d")
    client = connect(autojump_cluster)
    with _expiring(autojump_cluster) as login:
        backup = client.create("nightly")
        while client.show(backup["id"])["status"] == "STATUS_BACKING_UP":
            time.sleep(HOUR / 2)
            if login.seconds_left <= HOUR:
                login()
    assert login.times == 2
    assert _refusals(autojump_cluster) == 0
    assert autojump_cluster.clock.elapsed == 6 * DAY * 10**9


def test_a_client_that_is_refused_renews_and_waits_on(
    autojump_cluster: FakeCluster, connect: Connect
) -> None:
    """It makes no second backup for that."""
    autojump_cluster.on_create().backing_up("6d")
    client = connect(autojump_cluster)
    with _expiring(autojump_cluster) as login:
        backup = client.create("nightly")
        with pytest.raises(PermissionError):
            client.wait(backup["id"], within=7 * DAY, every=HOUR + 1)
        assert login.seconds_left <= 0
        login()
        assert client.wait(backup["id"], within=2 * DAY, every=HOUR) == "STATUS_READY"
    assert list(autojump_cluster.backups) == [backup["id"]]
    assert _refusals(autojump_cluster) == 1


def test_a_client_that_cannot_renew_stops_in_time(
    autojump_cluster: FakeCluster, connect: Connect
) -> None:
    """It waits no longer than its token is good, and says that it does not know the end."""
    autojump_cluster.on_create().backing_up("6d")
    client = connect(autojump_cluster)
    with _expiring(autojump_cluster) as login:
        backup = client.create("nightly")
        with pytest.raises(TimeoutError, match="STATUS_BACKING_UP"):
            client.wait(backup["id"], within=login.seconds_left - 60, every=HOUR)
    assert _refusals(autojump_cluster) == 0
    assert autojump_cluster.status_of("nightly") == "STATUS_BACKING_UP"
    assert autojump_cluster.clock.elapsed < 5 * DAY * 10**9
