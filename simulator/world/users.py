"""Made-up users: the people of the company."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from simulator.chance import SeededChance
from simulator.world import words
from simulator.world.provider import provider_of


class User(NamedTuple):
    """A user, as IAM knows one.

    Attributes:
        uid: what the user logs in with, such as ``mlopez``.
        name: the full name, for IAM's ``description``.
    """

    uid: str
    name: str


def first_users(chance: SeededChance, count: int) -> tuple[User, ...]:
    """Return the first ``count`` of all users."""
    return tuple(islice(users(chance), count))


def users(chance: SeededChance) -> Iterator[User]:
    """Yield users without end; no uid comes twice, and all are made in one way."""
    fake = provider_of(chance, "users")
    form = fake.pick(words.USER_IDS)
    holders: dict[str, int] = {}
    while True:
        name = fake.spell("{{first_name}} {{last_name}}")
        first, last = name.lower().split()
        uid = form.format(f=first[0], first=first, last=last)
        holders[uid] = holders.get(uid, 0) + 1
        yield User(uid if holders[uid] == 1 else f"{uid}{holders[uid]}", name)
