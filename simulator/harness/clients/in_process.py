"""Runs a scenario against a cluster in this process."""

from contextlib import AbstractContextManager, nullcontext

from simulator.core.time_policies import Rate
from simulator.harness.checks.conduct import Pace
from simulator.harness.language.scenario import Scenario
from simulator.harness.ports import ClientError, ClientKind, Target
from simulator.harness.runner import run_scenario
from simulator.harness.verdict import Verdict
from simulator.service.fake_cluster import FakeCluster


def start_cluster(scenario: Scenario, seed: str, rate: float = 1.0) -> FakeCluster:
    """Start the cluster that a scenario describes.

    Args:
        scenario: what describes it.
        seed: where its chance comes from.
        rate: of its time, where the scenario leaves that to the virtual time of the client.
    """
    return FakeCluster(
        scenario.spec(),
        seed=seed,
        policy=Rate(rate) if scenario.needs_virtual_time else scenario.policy,
        start=scenario.start,
        made_up=scenario.made_up_apps,
        made_up_backups=scenario.made_up_backups,
    )


def target_of(cluster: FakeCluster) -> Target:
    """Return what a client needs to know of a cluster."""
    return Target(
        url=cluster.url,
        token=cluster.token,
        username=cluster.username,
        password=cluster.password,
    )


def _time_of(
    scenario: Scenario, kind: ClientKind, cluster: FakeCluster
) -> AbstractContextManager[None]:
    """Return what lets a client in this process live in cluster time, where it is to."""
    if scenario.is_autojump and not scenario.model.program:
        return cluster.autojump(packages=kind.packages)
    return nullcontext()


def _pace(scenario: Scenario, kind: ClientKind) -> Pace:
    """Return what the client's own pauses are to the cluster."""
    if scenario.needs_virtual_time or (scenario.is_autojump and kind.packages):
        return Pace.OWN
    return Pace.SCALED if isinstance(scenario.policy, Rate) else Pace.NONE


async def run_in_process(scenario: Scenario, kind: ClientKind, seed: str) -> Verdict:
    """Run a scenario through a client against a cluster of its own.

    Raises:
        ClientError: when the client cannot be started, or goes badly after all went well.
    """
    verdict = None
    started = start_cluster(scenario, seed, kind.rate)
    with started as cluster, _time_of(scenario, kind, cluster):
        try:
            async with kind.open(target_of(cluster), cluster.clock) as session:
                pace = _pace(scenario, kind)
                verdict = await run_scenario(scenario, session, cluster, seed=seed, pace=pace)
        except ClientError as error:
            if verdict is None or verdict.passed:
                raise
            return verdict.with_note(f"also: {error}")
        return verdict
