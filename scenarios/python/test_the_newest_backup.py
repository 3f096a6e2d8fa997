"""Which of several namesakes is the newest: the timestamp says so, and nothing else does.

unknown: the order of a list is not documented. Here it is oldest first, but a client that takes the
last entry works by luck.
"""

from collections.abc import Callable
from typing import Any

from simulator import FakeCluster

Ask = Callable[..., tuple[int, Any]]


def _made(cluster: FakeCluster, ask: Ask, label: str) -> str:
    """Make a backup and let it become ready; return its id."""
    _, backup = ask(cluster, "POST", "/create", {"label": label})
    cluster.clock.advance("1h")
    return str(backup["id"])


def test_the_newest_of_one_label(cluster: FakeCluster, ask: Ask) -> None:
    """The prefix also finds ``nightly-db``, so a client looks at the length of the rest, too."""
    _made(cluster, ask, "nightly")
    newest = _made(cluster, ask, "nightly")
    _made(cluster, ask, "nightly-db")

    _, found = ask(cluster, "GET", "/list?prefix=nightly-")
    assert len(found) == 3
    uuid_length = 36
    namesakes = [each for each in found if len(each["id"]) == len("nightly-") + uuid_length]
    assert max(namesakes, key=lambda each: each["timestamp"])["id"] == newest


def test_a_whole_id_is_a_prefix(cluster: FakeCluster, ask: Ask) -> None:
    """The API has no call for one backup: the list with its whole id as prefix is that call."""
    older = _made(cluster, ask, "nightly")
    newer = _made(cluster, ask, "nightly")
    for backup_id in (older, newer):
        _, found = ask(cluster, "GET", f"/list?prefix={backup_id}")
        assert [each["id"] for each in found] == [backup_id]


def test_a_list_is_oldest_first(cluster: FakeCluster, ask: Ask) -> None:
    """The order that clients are likely to meet; also with a prefix, whatever the ids are."""
    made = [_made(cluster, ask, label) for label in ("zebra", "ant", "zebra", "mole")]
    _, listed = ask(cluster, "GET", "/list")
    assert [each["id"] for each in listed] == made
    _, zebras = ask(cluster, "GET", "/list?prefix=zebra")
    assert [each["id"] for each in zebras] == [made[0], made[2]]
