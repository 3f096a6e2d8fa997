import re

import pytest

from simulator.chance import SeededChance
from simulator.simulation import Simulation
from simulator.world import made_up_apps

IMAGE = re.compile(r"registry\.example/[a-z]+/[a-z]+:\d+\.\d+")


def definitions(seed: str, count: int) -> list[dict[str, object]]:
    """Return the definitions of made-up apps."""
    return [dict(app.definition) for app in made_up_apps(SeededChance(seed), count)]


def test_the_same_seed_makes_up_the_same_apps() -> None:
    """In the same order, to the last field."""
    assert definitions("a", 20) == definitions("a", 20)


def test_another_seed_makes_up_other_apps() -> None:
    """Whose names differ."""
    names = [{definition["id"] for definition in definitions(seed, 20)} for seed in ("a", "b")]
    assert names[0] != names[1]


def test_more_apps_begin_with_the_same_ones() -> None:
    """A scenario that asks for one more keeps those that it had."""
    assert definitions("a", 30)[:20] == definitions("a", 20)


@pytest.mark.parametrize("count", [0, 1, 200, 2000])
def test_made_up_apps_are_as_many_as_asked_for_and_all_different(count: int) -> None:
    """Also when there are more than pairs of words come to mind."""
    ids = [app.id for app in made_up_apps(SeededChance("0"), count)]
    assert len(ids) == len(set(ids)) == count


def test_made_up_apps_look_like_apps() -> None:
    """An image, sizes that Marathon would take, and labels that a person might give."""
    for app in made_up_apps(SeededChance("0"), 50):
        definition = app.definition
        container = definition["container"]
        assert definition["id"] == app.id
        assert re.fullmatch(r"/[a-z]+/[a-z]+(-\d+)?", app.id)
        assert isinstance(container, dict)
        assert container["type"] == "MESOS"
        assert IMAGE.fullmatch(container["docker"]["image"])
        assert definition["instances"] in range(1, 6)
        assert definition["cpus"] in {0.1, 0.25, 0.5, 1, 2}
        assert definition["mem"] in {64, 128, 256, 512, 1024, 2048}
        assert set(definition) >= {"env", "labels"}


def test_a_cluster_has_its_made_up_apps_beside_its_own() -> None:
    """Marathon shows all of them."""
    simulation = Simulation(made_up=3, seed="0")
    simulation.deploy("/mine")
    assert len(simulation.apps) == 4


def test_apps_do_not_change_the_ids_of_backups() -> None:
    """Nor the seed of anything else: every stream is its own."""
    bare, crowded = Simulation(seed="0"), Simulation(seed="0", made_up=50)
    assert [bare.chance.backup_uuid(), bare.chance.between(0, 10**9)] == [
        crowded.chance.backup_uuid(),
        crowded.chance.between(0, 10**9),
    ]
