"""Does to a cluster what a scenario says under ``cluster``: not through a client."""

from collections.abc import Callable

from simulator.core.marathon import absolute
from simulator.harness.language.step_model import ClusterActionModel
from simulator.harness.ports import Control


def act(control: Control, action: ClusterActionModel, id_named: Callable[[str], str]) -> None:
    """Let one thing happen to a cluster.

    Args:
        control: the cluster.
        action: what happens.
        id_named: finds a backup by the name that the scenario gave it.

    Raises:
        RefusedError: when the cluster cannot do it now.
    """
    if action.deploy is not None:
        control.deploy(action.deploy)
    elif action.remove is not None:
        control.remove(absolute(action.remove))
    elif action.release is not None:
        control.release(action.release)
    elif action.lose is not None:
        control.lose(id_named(action.lose))
    elif action.restart is not None:
        control.restart(action.restart)
    else:
        _switch(control, action)


def _switch(control: Control, action: ClusterActionModel) -> None:
    """Switch something of the cluster off or on."""
    switches = {
        ("marathon", "down"): control.stop_marathon,
        ("marathon", "up"): control.start_marathon,
        ("disk", "full"): control.fill_disk,
        ("disk", "free"): control.free_disk,
        ("tokens", "revoked"): control.revoke_tokens,
        ("tokens", "accepted"): control.accept_tokens,
        ("permission", "withdrawn"): control.withdraw_permission,
        ("permission", "granted"): control.grant_permission,
    }
    ((name, value),) = action.model_dump(exclude_none=True).items()
    switches[name, value]()
