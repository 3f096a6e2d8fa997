"""Realistic content for a cluster, made up from the cluster's seed by a Faker provider of our own.

The same seed gives the same world on every machine and with every Faker that is allowed: the words
stand in ``words.py``, and every draw is one ``Random.random()``, the only one of its methods whose
numbers Python promises to keep. More of anything begins with what fewer would have been.
"""

from typing import TYPE_CHECKING

# Faker takes 60 ms to import, which only users of names should pay: the modules beside this one
# import it, so each function here imports its module.

if TYPE_CHECKING:
    from simulator.chance import SeededChance
    from simulator.core.cluster import ExistingBackup
    from simulator.core.instants import Instant
    from simulator.core.marathon import App
    from simulator.world.users import User

USERNAME = "bootstrapuser"
"""The user that every fake cluster starts with. Source: docs, Enterprise installation defaults."""

PASSWORD = "deleteme"  # noqa: S105 - documented default of a fresh cluster
"""That user's documented password."""


def made_up_apps(chance: "SeededChance", count: int) -> "tuple[App, ...]":
    """Make up the first ``count`` apps of a company, team by team, all different."""
    from simulator.world.apps import first_apps  # noqa: PLC0415

    return first_apps(chance, count)


def made_up_users(chance: "SeededChance", count: int) -> "tuple[User, ...]":
    """Make up the first ``count`` users; those that own apps are the first of them."""
    from simulator.world.users import first_users  # noqa: PLC0415

    return first_users(chance, count)


def made_up_backups(
    chance: "SeededChance", count: int, *, start: "Instant", dcos_version: str
) -> "tuple[ExistingBackup, ...]":
    """Make up the latest ``count`` backups of a history that ends at ``start``, newest first.

    Nightly ones, weekly ones, one before each upgrade and a few by hand; now and then some nights
    fail. Among the latest 30 there is a nightly and a weekly one, one before an upgrade and one in
    error. Before the upgrade the cluster had an older version than ``dcos_version``.
    """
    from simulator.world.history import latest_backups  # noqa: PLC0415

    return latest_backups(chance, count, start=start, dcos_version=dcos_version)
