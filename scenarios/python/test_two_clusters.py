"""Two clusters know nothing of each other; a client that talks to both must not mix them up."""

from collections.abc import Callable
from typing import Any

from simulator import ClusterSpec, FakeCluster

Clusters = Callable[..., FakeCluster]
Ask = Callable[..., tuple[int, Any]]


def test_a_backup_lives_in_one_cluster(clusters: Clusters, ask: Ask) -> None:
    """The other cluster neither lists, restores nor deletes it."""
    here, elsewhere = clusters(), clusters()
    _, made = ask(here, "POST", "/create", {"label": "nightly"})
    here.clock.advance("1m")

    assert ask(elsewhere, "GET", "/list") == (200, [])
    assert ask(elsewhere, "POST", "/restore", {"id": made["id"]})[0] == 400
    assert ask(elsewhere, "DELETE", "/delete", {"id": made["id"]})[0] == 400
    assert list(here.backups) == [made["id"]]


def test_both_can_work_at_the_same_time(clusters: Clusters, ask: Ask) -> None:
    """One operation at a time is each cluster's own rule, and so is its time."""
    staging, production = clusters(ClusterSpec(dcos_version="2.2.0")), clusters()
    _, on_staging = ask(staging, "POST", "/create", {"label": "nightly"})
    status, on_production = ask(production, "POST", "/create", {"label": "nightly"})
    assert status == 200
    assert on_staging["id"] != on_production["id"]
    assert (on_staging["dcos_version"], on_production["dcos_version"]) == ("2.2.0", "1.13.0")

    production.clock.advance("1h")
    assert ask(production, "GET", "/list")[1][0]["status"] == "STATUS_READY"
    assert ask(staging, "GET", "/list")[1][0]["status"] == "STATUS_BACKING_UP"


def test_a_token_opens_one_cluster(clusters: Clusters, ask: Ask) -> None:
    """A client that takes one cluster's token to another gets 401, and a page that is no JSON."""
    here, elsewhere = clusters(), clusters()
    assert ask(here, "GET", "/list") == (200, [])
    status, page = ask(elsewhere, "GET", "/list", token=here.token)
    assert status == 401
    assert "<html>" in page
    assert ask(elsewhere, "POST", "/create", {"label": "nightly"}, token=here.token)[0] == 401
    assert not elsewhere.backups
