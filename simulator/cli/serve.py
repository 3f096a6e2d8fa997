"""``dcos-sim serve``: a fake cluster to point anything at."""

import gc
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import rich_click as click

from simulator.cli import refuse
from simulator.cli.typed import HELP, listen, time_policy
from simulator.clock import RealTime
from simulator.core.cluster import ClusterSpec
from simulator.core.instants import Duration, duration_text, parse_duration
from simulator.core.time_policies import TimePolicy
from simulator.core.versions import checked_version
from simulator.harness.language.scenario import Scenario
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.language.source_file import SourceError
from simulator.harness.language.time_model import PerRequestModel, RateModel
from simulator.harness.staging import play
from simulator.service.fake_cluster import LOOPBACK, FakeCluster
from simulator.service.listener import ListenError

JOURNAL_LIMIT = 10_000
"""Entries that a served cluster keeps; older ones are dropped."""

MADE_UP_MAX = 10_000
"""Of apps and of backups: as many as a scenario file may ask for."""

GARBAGE_THRESHOLD = 50_000
"""New objects between two looks for garbage. Python's 700 makes answers wait up to 100 ms."""

STOPPED_BY = (signal.SIGINT, signal.SIGTERM)
"""Signals that end a served cluster."""

DEFAULT_APPS: Final = 3
DEFAULT_RATE: Final = 1
DEFAULT_VERSION: Final = "1.13.0"


@click.command("serve")
@click.option("--port", default=0, show_default="any free one", help="Port to listen on.")
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on.")
@click.option(
    "--rate",
    type=float,
    default=None,
    show_default="1, or the scenario's",
    help="Seconds of cluster time in a real second, from 0.1 to 1000000; 0 stops time.",
)
@click.option("--pause", is_flag=True, help="Let time stand still until you type: resume.")
@click.option("--apps", type=int, show_default="3", help="How many Marathon apps to make up.")
@click.option("--backups", type=int, show_default="0", help="How many backups to make up.")
@click.option("--seed", default="", show_default="0", help="Seed of all ids and names.")
@click.option("--dcos-version", show_default="1.13.0", help="Version to imitate.")
@click.option("--scenario", default="", metavar="FILE", help="Serve what this file scripts.")
@click.option("--case", default="", metavar="NAME", help="Which of its cases.")
@click.option(
    "--at", default="", metavar="+42s", help="Play its steps up to this time, and begin there."
)
def command(  # noqa: PLR0913 - one for each option
    *,
    port: int,
    host: str,
    rate: float | None,
    pause: bool,
    apps: int | None,
    backups: int | None,
    seed: str,
    dcos_version: str | None,
    scenario: str,
    case: str,
    at: str,
) -> None:
    """Serve a fake cluster until Ctrl-C. Only this machine can reach it, unless --host says else.

    A backup and a restore take 30 seconds of cluster time each: with --rate 60, half a second.
    While it is served, time is yours: type pause, resume, next and the like.

    With --scenario it is the cluster of a scenario file, with its backups, scripts and faults.
    """
    if scenario:
        described = {"apps": apps, "backups": backups, "dcos-version": dcos_version}
        for option, value in described.items():
            if value is not None:
                refuse(f"--{option} is the scenario's to say; leave it out beside --scenario")
        chosen = chosen_scenario(scenario, case)
        serve_scenario(chosen, at=at, seed=seed, rate=rate, pause=pause, host=host, port=port)
        return
    if case or at:
        refuse(f"--{'case' if case else 'at'} needs --scenario FILE beside it")
    made_up, made_up_backups = DEFAULT_APPS if apps is None else apps, backups or 0
    if not (0 <= made_up <= MADE_UP_MAX and 0 <= made_up_backups <= MADE_UP_MAX):
        refuse(f"--apps and --backups must be from 0 to {MADE_UP_MAX}")
    try:
        policy = time_policy(DEFAULT_RATE if rate is None else rate)
        block_signals()
        cluster = FakeCluster(
            ClusterSpec(dcos_version=checked_version(dcos_version or DEFAULT_VERSION)),
            seed=seed or "0",
            start=RealTime.now(),
            made_up=made_up,
            made_up_backups=made_up_backups,
            journal_limit=JOURNAL_LIMIT,
            host=host,
            port=port,
        )
    except (ValueError, ListenError) as error:
        refuse(str(error))
    serve(cluster, policy, pause=pause)


# --- a scenario's cluster ------------------------------------------------------------------------


def chosen_scenario(file: str, case: str) -> Scenario:
    """Load the scenario that is to be served; what is wrong with the choice ends the command."""
    try:
        scenarios = load_scenarios(Path(file))
    except SourceError as error:
        refuse(str(error))
    cases = [each.case for each in scenarios]
    if case and case not in cases:
        there = ", ".join(cases) if cases != [""] else "none"
        refuse(f"--case {case}: {file} has no such case; it has: {there}")
    if not case and len(scenarios) > 1:
        refuse(f"{file} has several cases; name one with --case: {', '.join(cases)}")
    return scenarios[cases.index(case)] if case else scenarios[0]


def serve_scenario(
    scenario: Scenario,
    *,
    at: str = "",
    steps: int | None = None,
    seed: str = "",
    rate: float | None = None,
    pause: bool = False,
    host: str = LOOPBACK,
    port: int = 0,
) -> None:
    """Serve the cluster that a scenario describes until Ctrl-C.

    Args:
        scenario: which.
        at: up to which time its steps are played first, such as ``+42s``; empty for none.
        steps: how many of them are played first, where no time says that; None for none.
        seed: where chance comes from; by default the scenario's own, or 0.
        rate: of its time; None for what its file says of time, or real time where it says that
            of its client.
        pause: whether time stands still at first.
        host: the address to listen on.
        port: the port to listen on; 0 takes any that is free.
    """
    try:
        until = _moment(at)
        policy = _policy(scenario) if rate is None else time_policy(rate)
        block_signals()
        cluster = FakeCluster(
            scenario.spec(),
            seed=seed or scenario.model.seed or "0",
            start=scenario.start,
            made_up=scenario.made_up_apps,
            made_up_backups=scenario.made_up_backups,
            journal_limit=JOURNAL_LIMIT,
            host=host,
            port=port,
        )
    except (ValueError, ListenError) as error:
        refuse(str(error))
    told = [f"scenario  {scenario.title}", *_told_of(scenario)]
    if until is not None or steps is not None:
        names = play(scenario, cluster, until, steps=steps)
        told += _told_of_backups(cluster, names)
    serve(cluster, policy, pause=pause, told=told)


def _policy(scenario: Scenario) -> TimePolicy:
    """Return what moves time as the file says; real time where it leaves that to its client."""
    said = scenario.model.time
    if isinstance(said, (PerRequestModel, RateModel)):
        return said.policy
    return time_policy(DEFAULT_RATE)


def _moment(at: str) -> Duration | None:
    """Read ``+42s``; None where nothing is to be played."""
    if not at:
        return None
    try:
        return parse_duration(at.removeprefix("+"))
    except ValueError as error:
        raise ValueError(f"--at {at}: {error}") from None


def _told_of(scenario: Scenario) -> Iterable[str]:
    for rule in scenario.rules():
        times = "" if rule.times is None else f", {rule.times} at most"
        yield f"script    {rule.on.value} of a backup labelled {rule.label}{times}"
    for fault in scenario.faults():
        yield f"fault     {', '.join(fault.operations) or fault.path}: {fault.fault}"


def _told_of_backups(cluster: FakeCluster, names: Mapping[str, str]) -> Iterable[str]:
    yield f"played    up to +{duration_text(cluster.clock.elapsed)}"
    called = {backup_id: name for name, backup_id in names.items()}
    for backup in cluster.backups.values():
        name = called.get(backup.id, backup.label)
        restored = f", restore {backup.restores[-1].status}" if backup.restores else ""
        yield f"backup    {name}: {backup.id} {backup.status}{restored}"


# --- serving -------------------------------------------------------------------------------------


def block_signals() -> None:
    """Let the signals that end a served cluster wait: none is lost on the way to the end."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPED_BY)


def serve(
    cluster: FakeCluster, policy: TimePolicy, *, pause: bool, told: Iterable[str] = ()
) -> None:
    """Serve a cluster until a signal ends it; the signals must be blocked already.

    Args:
        cluster: which.
        policy: what moves its time from now on.
        pause: whether it stands still at first.
        told: lines to say of it before anything else.
    """
    # A long life with many small objects: look for garbage seldom, and never in what is there now.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    if pause:
        cluster.clock.pause()
    cluster.clock.policy = policy
    with cluster:
        for line in told:
            click.echo(line)
        _announce(cluster)
        listen(cluster)
        signal.sigwait(STOPPED_BY)
        click.echo("\nstopped", err=True)


def _announce(cluster: FakeCluster) -> None:
    click.echo(f"url       {cluster.url}")
    click.echo(f"user      {cluster.username}")
    click.echo(f"password  {cluster.password}")
    click.echo(f"token     {cluster.token}")
    click.echo(f"time      {cluster.clock.policy}")
    click.echo(f"journal   the last {JOURNAL_LIMIT} entries are kept")
    click.echo(f"export DCOS_URL={cluster.url} DCOS_ACS_TOKEN={cluster.token}")
    if cluster.clock.is_paused:
        click.echo("paused    until you type: resume")
    click.echo(f"type      {HELP}")
    click.echo("Ctrl-C stops it.")
