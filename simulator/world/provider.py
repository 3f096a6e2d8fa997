"""The Faker provider that worlds are made up by."""

from collections.abc import Sequence
from typing import TypeVar, final

from faker.providers import BaseProvider

from simulator.chance import SeededChance
from simulator.world import words

Thing = TypeVar("Thing")


@final
class CompanyProvider(BaseProvider):
    """Words of a made-up company that runs DC/OS.

    What is inherited from Faker's provider is not used: some of it gives other results in other
    versions.
    """

    __provider__ = "company_on_dcos"

    # --- drawing: one ``Random.random()`` each ---------------------------------------------------

    def below(self, limit: int) -> int:
        """Return a whole number from 0, below ``limit``."""
        return int(self.generator.random.random() * limit)

    def between(self, least: int, most: int) -> int:
        """Return a whole number in ``least..most``, both included."""
        return least + self.below(most - least + 1)

    def pick(self, things: Sequence[Thing]) -> Thing:
        """Return one of the things."""
        return things[self.below(len(things))]

    def take(self, things: list[Thing]) -> Thing:
        """Return one of the things, and take it out of the list."""
        return things.pop(self.below(len(things)))

    def spell(self, text: str) -> str:
        """Fill in ``{{a_method}}`` of this provider wherever the text says so."""
        return str(self.generator.parse(text))

    # --- words -----------------------------------------------------------------------------------

    def first_name(self) -> str:
        """Return a first name, in ASCII."""
        return self.pick(words.FIRST_NAMES)

    def last_name(self) -> str:
        """Return a last name, in ASCII."""
        return self.pick(words.LAST_NAMES)

    def company(self) -> str:
        """Return the name of a company as a part of host names."""
        return self.pick(words.COMPANIES)

    def release(self) -> str:
        """Return the version of a program: ``2.14.3``."""
        return f"{self.below(5)}.{self.below(30)}.{self.below(10)}"

    def build(self) -> str:
        """Return the number of a build."""
        return str(self.between(10, 2500))

    def commit(self) -> str:
        """Return the short hash of a commit."""
        return f"{self.below(1 << 28):07x}"

    def change(self) -> str:
        """Return what somebody was about to do to a cluster."""
        return self.pick(words.CHANGES)

    def reason(self) -> str:
        """Return what somebody made a backup for, in a word."""
        return self.pick(words.REASONS)

    def trouble(self) -> str:
        """Return why a backup failed."""
        return self.pick(words.TROUBLES)


def provider_of(chance: SeededChance, purpose: str) -> CompanyProvider:
    """Return a provider with a stream of its own, which its generator knows, too."""
    generator = chance.faker(purpose)
    provider = CompanyProvider(generator)
    generator.add_provider(provider)
    return provider
