"""``dcos-sim serve``: a fake cluster to point anything at."""

import gc
import signal
import sys

import rich_click as click

from simulator.cli import USAGE_ERROR
from simulator.cli.typed import HELP, listen, time_policy
from simulator.clock import RealTime
from simulator.core.cluster import ClusterSpec
from simulator.core.versions import checked_version
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


@click.command("serve")
@click.option("--port", default=0, show_default="any free one", help="Port to listen on.")
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on.")
@click.option(
    "--rate",
    default=1.0,
    show_default=True,
    help="Seconds of cluster time in a real second, from 0.1 to 1000000; 0 stops time.",
)
@click.option("--pause", is_flag=True, help="Let time stand still until you type: resume.")
@click.option("--apps", default=3, show_default=True, help="How many Marathon apps to make up.")
@click.option("--backups", default=0, show_default=True, help="How many backups to make up.")
@click.option("--seed", default="0", show_default=True, help="Seed of all ids and names.")
@click.option("--dcos-version", default="1.13.0", show_default=True, help="Version to imitate.")
def command(
    *,
    port: int,
    host: str,
    rate: float,
    pause: bool,
    apps: int,
    backups: int,
    seed: str,
    dcos_version: str,
) -> None:
    """Serve a fake cluster until Ctrl-C. Only this machine can reach it, unless --host says else.

    A backup and a restore take 30 seconds of cluster time each: with --rate 60, half a second.
    While it is served, time is yours: type pause, resume, next and the like.
    """
    if not (0 <= apps <= MADE_UP_MAX and 0 <= backups <= MADE_UP_MAX):
        click.echo(f"--apps and --backups must be from 0 to {MADE_UP_MAX}", err=True)
        sys.exit(USAGE_ERROR)
    # Blocked, they wait for sigwait below: none is lost on the way there.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPED_BY)
    try:
        policy = time_policy(rate)
        cluster = FakeCluster(
            ClusterSpec(dcos_version=checked_version(dcos_version)),
            seed=seed,
            start=RealTime.now(),
            made_up=apps,
            made_up_backups=backups,
            journal_limit=JOURNAL_LIMIT,
            host=host,
            port=port,
        )
    except (ValueError, ListenError) as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE_ERROR)
    # A long life with many small objects: look for garbage seldom, and never in what is there now.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)
    if pause:
        cluster.clock.pause()
    cluster.clock.policy = policy
    with cluster:
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
