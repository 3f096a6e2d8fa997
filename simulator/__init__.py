"""A fake DC/OS Enterprise cluster whose Backup and Restore service behaves as scripted.

``FakeCluster`` is the cluster; in pytest the fixtures ``cluster`` and ``clusters`` make it. Names
are imported when they are first used: having this package installed costs a pytest run nothing.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.clock import ClockError
    from simulator.core.cluster import ClusterSpec, ExistingBackup
    from simulator.core.instants import parse_duration
    from simulator.core.marathon import app_from
    from simulator.core.scripts import Between, Forever, Lasts, Polls, Stage, Until
    from simulator.core.statuses import Status
    from simulator.core.time_policies import Manual, PerRequest, Rate
    from simulator.harness.ports import Target
    from simulator.scripting import ScriptError
    from simulator.service.fake_cluster import FakeCluster
    from simulator.service.listener import ListenError
    from simulator.simulation import RefusedError

_HOMES = {
    "simulator.clock": ("ClockError",),
    "simulator.core.cluster": ("ClusterSpec", "ExistingBackup"),
    "simulator.core.instants": ("parse_duration",),
    "simulator.core.marathon": ("app_from",),
    "simulator.core.scripts": ("Between", "Forever", "Lasts", "Polls", "Stage", "Until"),
    "simulator.core.statuses": ("Status",),
    "simulator.core.time_policies": ("Manual", "PerRequest", "Rate"),
    "simulator.harness.ports": ("Target",),
    "simulator.scripting": ("ScriptError",),
    "simulator.service.fake_cluster": ("FakeCluster",),
    "simulator.service.listener": ("ListenError",),
    "simulator.simulation": ("RefusedError",),
}

__all__ = [
    "Between",
    "ClockError",
    "ClusterSpec",
    "ExistingBackup",
    "FakeCluster",
    "Forever",
    "Lasts",
    "ListenError",
    "Manual",
    "PerRequest",
    "Polls",
    "Rate",
    "RefusedError",
    "ScriptError",
    "Stage",
    "Status",
    "Target",
    "Until",
    "app_from",
    "parse_duration",
]


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
