from typing import Any

import pytest

from simulator.harness.documents import (
    components_of,
    entries_by_id,
    restore_status_of,
    status_of,
)

READY = "STATUS_READY"
ERROR = "STATUS_ERROR"
RESTORING = "STATUS_RESTORING"


def restored(*statuses: str, as_list: bool = False) -> dict[str, Any]:
    """Return a backup whose latest restore has components with these statuses."""
    components = {f"part{number}": {"status": status} for number, status in enumerate(statuses)}
    latest = {"component_status": components}
    older = {"component_status": {"part0": {"status": ERROR}}}
    return {"status": READY, "restores": [older, latest] if as_list else latest}


def test_a_list_is_found_by_id() -> None:
    """Whatever else its entries hold."""
    entries = [{"id": "a", "status": READY}, {"id": "b"}]
    assert entries_by_id(entries) == {"a": entries[0], "b": entries[1]}
    assert entries_by_id([]) == {}


@pytest.mark.parametrize(
    "value", [None, "text", {}, {"id": "a"}, ["a"], [{"status": READY}], [{"id": 1}], [None]]
)
def test_anything_else_is_no_list_of_backups(value: object) -> None:
    """Entries without an id, too."""
    assert entries_by_id(value) is None


@pytest.mark.parametrize(
    ("document", "status"),
    [({"status": READY}, READY), ({"status": 3}, "3"), ({}, "None"), (None, "None"), ([], "None")],
)
def test_a_status_is_always_text(document: object, status: str) -> None:
    """Also where there is none."""
    assert status_of(document) == status


@pytest.mark.parametrize("as_list", [False, True], ids=["object", "list"])
def test_restores_may_be_an_object_or_a_list(as_list: bool) -> None:  # noqa: FBT001 - a parameter
    """The documents do not say; of a list the last one counts."""
    document = restored(RESTORING, as_list=as_list)
    assert components_of(document, of_restore=True) == [{"status": RESTORING}]
    assert restore_status_of(document) == RESTORING


@pytest.mark.parametrize(
    ("statuses", "whole"),
    [
        ([READY], READY),
        ([ERROR], ERROR),
        ([RESTORING], RESTORING),
        ([READY, RESTORING], RESTORING),
        ([ERROR, RESTORING], RESTORING),
        ([READY, ERROR], ERROR),
        ([READY, "STATUS_ODD", READY], "STATUS_ODD"),
        ([], "no restore to be seen"),
    ],
)
def test_a_restore_has_the_status_of_its_components(statuses: list[str], whole: str) -> None:
    """It runs while any runs; then an error outweighs the rest."""
    assert restore_status_of(restored(*statuses)) == whole


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        {"restores": []},
        {"restores": None},
        {"restores": [3]},
        {"restores": {"component_status": []}},
        {"restores": {"component_status": {"marathon": READY}}},
    ],
)
def test_odd_restores_are_no_restore(document: object) -> None:
    """A client may show whatever it likes."""
    assert components_of(document, of_restore=True) == []
    assert restore_status_of(document) == "no restore to be seen"


def test_components_of_a_backup_are_its_own() -> None:
    """Not those of its restores."""
    document = {**restored(ERROR), "component_status": {"marathon": {"status": READY}}}
    assert components_of(document, of_restore=False) == [{"status": READY}]
