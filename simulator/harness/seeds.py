"""The seed of a scenario's cluster, which depends on names only: never on who runs it, or where."""

import hashlib
from pathlib import Path
from typing import Final

from simulator.harness.language.scenario import Scenario

SEED_LENGTH: Final = 12


def seed_from(name: str, *, given: str = "", own: str = "") -> str:
    """Return the seed of what has this name: the one given, else its own, else one of its name."""
    return given or own or hashlib.sha256(name.encode()).hexdigest()[:SEED_LENGTH]


def seed_of(scenario: Scenario, *, given: str = "") -> str:
    """Return the seed of a scenario; one that is given goes before the one in its file."""
    file = Path(scenario.source.name).name
    own = scenario.model.seed or ""
    return seed_from(f"{file}::{scenario.name}", given=given, own=own)
