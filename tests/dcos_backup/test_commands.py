import json
from collections.abc import Callable

from simulator.core.cluster import ClusterSpec, ExistingBackup
from simulator.dcos_backup.output import table
from simulator.service.fake_cluster import FakeCluster

Run = Callable[..., tuple[int, str, str]]

TWO_BACKUPS = ClusterSpec(backups=(ExistingBackup(label="foo"), ExistingBackup(label="foo2")))


def test_a_backup_lives_from_create_to_delete(fake: FakeCluster, run: Run) -> None:
    """Create, restore and delete print nothing."""
    assert run(fake, "create", "--label=nightly") == (0, "", "")
    fake.clock.advance("1h")
    (backup_id,) = fake.backups
    assert run(fake, "restore", backup_id) == (0, "", "")
    fake.clock.advance("1h")
    assert len(fake.backups[backup_id].restores) == 1
    assert run(fake, "delete", backup_id) == (0, "", "")
    assert fake.backups == {}


def test_list_prints_the_backups_that_begin_so(run: Run) -> None:
    """As a table, or as JSON as it was received."""
    with FakeCluster(TWO_BACKUPS) as fake:
        status, out, _ = run(fake, "list", "foo2", "--json")
        documents = json.loads(out)
        assert (status, [each["id"] for each in documents]) == (0, [list(fake.backups)[1]])
        assert out == json.dumps(documents, indent=4) + "\n"
        assert run(fake, "list", "foo2-") == (0, table(documents), "")
        assert run(fake, "backup", "list")[1].count("STATUS_READY") == 2


def test_an_empty_list_is_not_an_error(fake: FakeCluster, run: Run) -> None:
    """Headers alone, or an empty array."""
    assert run(fake, "list") == (0, table([]), "")
    assert run(fake, "list", "--json") == (0, "[]\n", "")


def test_show_prints_one_backup_as_documented(run: Run) -> None:
    """By its whole id: the beginning of one is not enough."""
    with FakeCluster(TWO_BACKUPS) as fake:
        backup_id = next(iter(fake.backups))
        status, out, _ = run(fake, "show", backup_id)
        assert status == 0
        assert out.startswith('{\n    "dcos_version": "1.13.0",\n    "id": "foo-')
        assert list(json.loads(out)) == [
            "dcos_version",
            "id",
            "component_status",
            "timestamp",
            "status",
        ]
        sentence = "show failed: there is no backup foo\n"
        assert run(fake, "show", "foo") == (1, "", sentence)
        assert run(fake, "show", "")[0] == 1


def test_a_refusal_is_told_in_the_services_own_words(fake: FakeCluster, run: Run) -> None:
    """With its status; labels arrive as they were written."""
    label = "--x"
    status, out, err = run(fake, "create", f"--label={label}")
    assert (status, out) == (1, "")
    assert err.startswith("create --x failed: HTTP 400: label: the first two characters")
    assert err.count("\n") == 1
    assert run(fake, "create", "--label=nächtlich", "--wait")[2].startswith(
        "create nächtlich failed: HTTP 400: label:"
    )
    assert "does not exist" in run(fake, "delete", "nightly-" + "0" * 36)[2]
    assert "prefix: may hold only" in run(fake, "list", "a b&c")[2]


def test_a_wrong_token_is_told_with_what_to_do(fake: FakeCluster, run: Run) -> None:
    """Admin Router answers with a page; its title is enough."""
    assert run(fake, "list", DCOS_ACS_TOKEN="wrong") == (
        1,
        "",
        "list failed: HTTP 401: Unauthorized (the token is not accepted, run `dcos auth login`)\n",
    )


def test_a_path_in_the_url_comes_before_the_apis(fake: FakeCluster, run: Run) -> None:
    """This cluster has nothing there."""
    status, _, err = run(fake.url + "/behind/", "list")
    assert (status, err) == (1, "list failed: HTTP 404: Not Found\n")
    assert run(fake.url + "//", "list", DCOS_ACS_TOKEN=fake.token)[0] == 0


def test_the_command_line_is_understood_before_anything_is_asked(run: Run) -> None:
    """No cluster is needed for help, and none is asked when the line is wrong."""
    assert run("nowhere", "--info") == (0, "Access DC/OS backup functionality\n", "")
    assert run("nowhere", "remove", "x")[0] == 2
    assert run("nowhere", "list")[0] == 1
