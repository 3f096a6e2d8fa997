import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import simulator
from simulator.chance import SeededChance

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def answers(chance: SeededChance) -> list[object]:
    """Return some of everything that chance gives."""
    return [
        [chance.between(0, 10**12) for _ in range(5)],
        [chance.pick([1, 2, 3]) for _ in range(30)],
        [chance.backup_uuid() for _ in range(5)],
        chance.bytes("a purpose", 16),
        chance.faker("apps").random.random(),
    ]


def test_the_same_seed_gives_the_same_answers() -> None:
    """To the same questions."""
    assert answers(SeededChance("a seed")) == answers(SeededChance("a seed"))


@pytest.mark.parametrize("other", ["a seed ", "", "A seed", "0"])
def test_another_seed_gives_other_answers(other: str) -> None:
    """Every one of them."""
    pairs = zip(answers(SeededChance("a seed")), answers(SeededChance(other)), strict=True)
    assert all(mine != theirs for mine, theirs in pairs)


def test_answers_do_not_change_from_release_to_release() -> None:
    """A seed in a bug report must still mean the same."""
    chance = SeededChance("0")
    assert chance.backup_uuid() == "6c00e4ce-0937-4c06-8297-16ebe12aa9ba"
    assert (chance.between(0, 999), chance.pick([1] * 999)) == (324, 74)
    assert chance.bytes("a purpose", 4).hex() == "c5f98c14"


def test_streams_are_independent() -> None:
    """What is asked of one changes nothing in the others."""
    plain, busy = SeededChance("0"), SeededChance("0")
    for _ in range(10):
        busy.between(1, 6)
        busy.pick([1, 1])
        busy.bytes("another purpose", 8)
        busy.faker("apps").random.random()
    ids = [plain.backup_uuid(), plain.backup_uuid()]
    assert [busy.backup_uuid(), busy.backup_uuid()] == ids
    assert plain.bytes("a purpose", 8) == busy.bytes("a purpose", 8)

    plain, busy = SeededChance("0"), SeededChance("0")
    for _ in range(10):
        busy.backup_uuid()
        busy.pick([1, 1])
    assert [plain.between(0, 10**9) for _ in range(3)] == [busy.between(0, 10**9) for _ in range(3)]


def test_between_includes_both_ends() -> None:
    """And nothing outside them."""
    chance = SeededChance("0")
    assert {chance.between(3, 5) for _ in range(100)} == {3, 4, 5}
    assert chance.between(7, 7) == 7


def test_pick_follows_the_weights() -> None:
    """A weight of 0 is never picked, a heavier one more often."""
    chance = SeededChance("0")
    picked = [chance.pick([0, 1, 9]) for _ in range(500)]
    assert set(picked) == {1, 2}
    assert picked.count(2) > 3 * picked.count(1)


def test_backup_ids_end_in_uuids_of_which_none_comes_twice() -> None:
    """36 characters of the usual shape."""
    chance = SeededChance("0")
    uuids = [chance.backup_uuid() for _ in range(500)]
    assert len(set(uuids)) == 500
    assert all(UUID.fullmatch(uuid) for uuid in uuids)


def test_bytes_depend_on_the_purpose_only() -> None:
    """Not on how often they were asked for."""
    chance = SeededChance("0")
    assert chance.bytes("a", 8) == chance.bytes("a", 8) != chance.bytes("b", 8)
    assert len(chance.bytes("a", 256)) == 256


WITHOUT_FAKER = """
import sys
from simulator.chance import SeededChance
from simulator.service.fake_cluster import FakeCluster
chance = SeededChance("0")
chance.between(1, 2), chance.pick([1]), chance.bytes("a", 1)
with FakeCluster() as fake:
    fake.deploy("/web")
    fake.on_create().backing_up("1s")
print("faker" in sys.modules)
chance.backup_uuid()
print("faker" in sys.modules)
"""


def test_faker_is_imported_when_a_name_is_needed_and_not_before() -> None:
    """A whole cluster starts and stops without it."""
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_FAKER],
        env={**os.environ, "PYTHONPATH": str(Path(simulator.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert ran.stdout.split() == ["False", "True"]
