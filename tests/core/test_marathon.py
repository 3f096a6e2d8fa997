from collections.abc import Mapping, MutableMapping
from typing import cast

import pytest

from simulator.core.marathon import App, app_from, apps_of, with_app, without_app


@pytest.mark.parametrize("given", ["web", "/web", {"id": "web"}, {"id": "/web"}])
def test_an_app_id_is_an_absolute_path(given: str | Mapping[str, object]) -> None:
    """A leading slash is added, in the definition too."""
    app = app_from(given)
    assert app.id == "/web"
    assert app.definition["id"] == "/web"


@pytest.mark.parametrize("app_id", ["/a", "/7", "/shop/web", "/a.b-c/d", "/a--b"])
def test_a_path_of_lower_case_names_is_an_app_id(app_id: str) -> None:
    """Letters, digits, and inside also dots and dashes."""
    assert app_from(app_id).id == app_id


@pytest.mark.parametrize(
    "app_id", ["", "/", "//web", "/web/", "/Web", "/we_b", "/-web", "/web-", "/web\n", "/w b", "/é"]
)
def test_any_other_id_is_refused(app_id: str) -> None:
    """The message repeats what was given and shows a good one."""
    with pytest.raises(ValueError, match=r"is not an app id; .* such as /shop/web") as caught:
        app_from(app_id)
    assert repr(app_id) in str(caught.value)


@pytest.mark.parametrize("definition", [{}, {"id": 7}, {"id": None}, {"cmd": "true"}])
def test_an_app_needs_an_id(definition: Mapping[str, object]) -> None:
    """A number is none."""
    with pytest.raises(ValueError, match=r"^an app needs an id, such as /web$"):
        app_from(definition)


def test_what_a_definition_leaves_out_has_a_default() -> None:
    """What it says is kept, what it adds too."""
    app = app_from({"id": "/web", "instances": 3, "labels": {"owner": "me"}})
    assert app.definition == {
        "id": "/web",
        "cmd": "sleep 3600",
        "instances": 3,
        "cpus": 0.1,
        "mem": 128,
        "labels": {"owner": "me"},
    }


def test_an_app_does_not_follow_changes_of_what_it_was_made_from() -> None:
    """The definition is a copy, however deep the change."""
    labels = {"owner": "me"}
    posted: dict[str, object] = {"id": "/web", "labels": labels}
    app = app_from(posted)
    labels["owner"] = "you"
    posted["instances"] = 9
    assert app.definition["labels"] == {"owner": "me"}
    assert app.definition["instances"] == 1


def test_an_app_can_be_made_from_the_definition_of_another() -> None:
    """So a client can post back what it read."""
    app = app_from({"id": "/web", "labels": {"owner": "me"}})
    assert app_from(app.definition) == app


def test_adding_and_removing_apps_makes_new_values() -> None:
    """Whoever holds the old ones sees no change."""
    web, database = app_from("/web"), app_from("/database")
    none = apps_of([])
    one = with_app(none, web)
    two = with_app(one, database)
    assert (dict(none), list(one), list(two)) == ({}, ["/web"], ["/web", "/database"])
    assert dict(without_app(two, "/web")) == {"/database": database}
    assert list(two) == ["/web", "/database"]


def test_an_app_that_is_added_again_is_replaced() -> None:
    """In its old place."""
    web, database = app_from("/web"), app_from("/database")
    bigger = app_from({"id": "/web", "instances": 5})
    apps = with_app(apps_of([web, database]), bigger)
    assert list(apps.values()) == [bigger, database]
    assert apps == apps_of([web, database, bigger])


def test_apps_and_definitions_cannot_be_written_to() -> None:
    """Not even by who goes round their types."""
    app = app_from("/web")
    with pytest.raises(TypeError):
        cast("MutableMapping[str, object]", app.definition)["mem"] = 1
    with pytest.raises(TypeError):
        cast("MutableMapping[str, App]", apps_of([]))["/web"] = app
