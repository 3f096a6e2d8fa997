"""Where every unpredictable value of a cluster comes from: one seed, replayed at will.

Numbers come from ``random.Random``, ids and names from Faker, each from a stream of its own, so
that another app in a scenario does not change the ids of its backups. String seeds are hashed by
``Random`` itself: the streams do not depend on ``PYTHONHASHSEED``. Faker is imported when the
first id or name is needed.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from random import Random  # noqa: TID251 - this is the one place that chance comes from
from typing import TYPE_CHECKING, cast, final

if TYPE_CHECKING:
    from faker import Generator


@final
class SeededChance:
    """The chance of one cluster; the same seed and the same questions give the same answers."""

    def __init__(self, seed: str) -> None:
        self.seed = seed

    def between(self, shortest: int, longest: int) -> int:
        """Return an integer in ``shortest..longest``, both included."""
        return self._lengths.randint(shortest, longest)

    def pick(self, weights: Sequence[int]) -> int:
        """Return an index into ``weights``, as likely as its weight."""
        return self._branches.choices(range(len(weights)), weights)[0]

    def backup_uuid(self) -> str:
        """Return a new UUID, 36 characters."""
        return self._backup_uuid()

    def bytes(self, purpose: str, count: int) -> bytes:
        """Return ``count`` bytes that depend on the seed and the purpose only."""
        return self._stream(purpose).randbytes(count)

    def faker(self, purpose: str) -> "Generator":
        """Return a bare Faker generator for names of one purpose, with a stream of its own.

        Give it to the providers that are needed: a full Faker costs 1 ms for each cluster.
        """
        # Imported here: Faker takes 60 ms to import, which only users of names should pay.
        from faker import Generator  # noqa: PLC0415

        generator = Generator()
        generator.seed_instance(f"{self.seed}/{purpose}")
        return generator

    def uuids(self, purpose: str) -> Callable[[], str]:
        """Return what makes a new UUID at each call, from a stream of its own."""
        from faker.providers.misc.en_US import Provider  # noqa: PLC0415 - as above

        return cast("Callable[[], str]", Provider(self.faker(purpose)).uuid4)

    @cached_property
    def _backup_uuid(self) -> Callable[[], str]:
        return self.uuids("backup ids")

    @cached_property
    def _lengths(self) -> Random:
        return self._stream("lengths")

    @cached_property
    def _branches(self) -> Random:
        return self._stream("branches")

    def _stream(self, purpose: str) -> Random:
        return Random(f"{self.seed}/{purpose}")  # noqa: S311 - replayable on purpose
