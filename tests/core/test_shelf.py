import pytest

from simulator.core.backups import Backup
from simulator.core.identifiers import BackupId
from simulator.core.instants import Instant
from simulator.core.shelf import REMEMBERED_PREFIXES, Shelf
from simulator.core.statuses import Status


def a_backup(backup_id: str) -> Backup:
    """Return a backup of which only the id matters."""
    return Backup(
        id=BackupId(backup_id),
        label=backup_id,
        timestamp=Instant(0),
        dcos_version="1.13.0",
        status=Status.READY,
        shown="STATUS_READY",
        components=(),
    )


def a_shelf(*backup_ids: str) -> Shelf:
    """Return a shelf with these backups, the first one oldest."""
    shelf = Shelf()
    for backup_id in backup_ids:
        shelf.put(a_backup(backup_id))
    return shelf


def ids(shelf: Shelf, prefix: str) -> list[str]:
    """Return what a list with this prefix shows."""
    return [backup.id for backup in shelf.starting_with(prefix)]


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("", ["beta-2", "alpha-1", "beta-1", "alpha", "beta2-1"]),
        ("a", ["alpha-1", "alpha"]),
        ("alpha", ["alpha-1", "alpha"]),
        ("alpha-", ["alpha-1"]),
        ("beta", ["beta-2", "beta-1", "beta2-1"]),
        ("beta-", ["beta-2", "beta-1"]),
        ("beta2", ["beta2-1"]),
        ("beta-1", ["beta-1"]),
        ("beta-12", []),
        ("A", []),
        ("z", []),
    ],
)
def test_a_prefix_finds_what_starts_with_it_oldest_first(prefix: str, found: list[str]) -> None:
    """Whatever the alphabet says about their order."""
    assert ids(a_shelf("beta-2", "alpha-1", "beta-1", "alpha", "beta2-1"), prefix) == found


def test_every_character_of_an_id_is_found_by_the_prefix_before_it() -> None:
    """Also the last ones of the alphabet."""
    everything = [f"aa{char}" for char in "zZ_9-.0A~"]
    assert ids(a_shelf(*everything), "aa") == everything


def test_a_replaced_backup_keeps_its_age() -> None:
    """Its new state stands in its old place."""
    shelf = a_shelf("aa-1", "aa-2")
    failed = a_backup("aa-1")._replace(status=Status.ERROR)
    shelf.put(failed)
    assert shelf.starting_with("aa") == (failed, a_backup("aa-2"))
    assert shelf.starting_with("") == (failed, a_backup("aa-2"))


def test_a_removed_backup_is_gone_from_every_list() -> None:
    """And only that one."""
    shelf = a_shelf("aa-1", "aa-2", "aa-3")
    assert ids(shelf, "aa") == ["aa-1", "aa-2", "aa-3"]
    shelf.remove(BackupId("aa-2"))
    assert ids(shelf, "aa") == ids(shelf, "") == ["aa-1", "aa-3"]
    assert list(shelf.by_id) == ["aa-1", "aa-3"]


def test_what_comes_back_after_its_removal_is_the_youngest() -> None:
    """Its age was forgotten with it."""
    shelf = a_shelf("aa-1", "aa-2")
    shelf.remove(BackupId("aa-1"))
    shelf.put(a_backup("aa-1"))
    assert ids(shelf, "aa") == ids(shelf, "") == ["aa-2", "aa-1"]


@pytest.mark.parametrize("prefix", ["", "aa", "nothing"])
def test_while_nothing_changes_a_list_is_the_same_tuple(prefix: str) -> None:
    """So an encoded answer can be kept beside it."""
    shelf = a_shelf("aa-1", "bb-1")
    assert shelf.starting_with(prefix) is shelf.starting_with(prefix)


def test_so_many_lists_are_kept_ready_and_no_more() -> None:
    """One more, and all are made anew: whoever asks for ever new prefixes pays for it."""
    shelf = a_shelf("aa-1")
    prefixes = [f"nothing{number}" for number in range(REMEMBERED_PREFIXES - 1)]
    first = shelf.starting_with("aa")
    for prefix in prefixes:
        shelf.starting_with(prefix)
    assert shelf.starting_with("aa") is first
    shelf.starting_with("one more")
    assert shelf.starting_with("aa") is not first


def test_a_list_that_was_handed_out_does_not_change() -> None:
    """A change makes a new one."""
    shelf = a_shelf("aa-1")
    before = shelf.starting_with("")
    shelf.put(a_backup("aa-2"))
    assert before == (a_backup("aa-1"),)
    assert ids(shelf, "") == ["aa-1", "aa-2"]


def test_more_prefixes_than_are_remembered_are_still_answered_rightly() -> None:
    """A cluster that is asked for ever new prefixes does not grow."""
    shelf = a_shelf(*(f"aa{number}" for number in range(2 * REMEMBERED_PREFIXES)))
    first = shelf.starting_with("aa0")
    for number in range(2 * REMEMBERED_PREFIXES):
        wanted = [key for key in shelf.by_id if key.startswith(f"aa{number}")]
        assert ids(shelf, f"aa{number}") == wanted
    assert shelf.starting_with("aa0") == first
    assert shelf.starting_with("aa0") is not first
