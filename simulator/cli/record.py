"""``dcos-sim record``: a proxy between a client and a cluster, which makes a scenario of both."""

import signal
import sys
from pathlib import Path

import rich_click as click

from simulator.capture.reading.inputs import read_inputs, without_secrets
from simulator.capture.recording.proxy import Recorder
from simulator.capture.recording.upstream import Upstream, upstream_of
from simulator.capture.reproduce import Reproduction, made_of
from simulator.capture.secrets.redaction import KINDS, Redactor
from simulator.capture.sightings import CaptureError
from simulator.cli import refuse
from simulator.cli.told import DIFFERS, check_output, tell, write
from simulator.harness.language.scenario import SUFFIX
from simulator.service.fake_cluster import LOOPBACK
from simulator.service.listener import ListenError

STOPPED_BY = (signal.SIGINT, signal.SIGTERM)
"""Signals that end a recording."""

COMMAND = "dcos-sim record"


@click.command("record")
@click.option("--upstream", required=True, metavar="URL", help="The cluster: http:// or https://.")
@click.option("-o", "--output", required=True, metavar="FILE", help="Write the scenario here.")
@click.option("--port", default=0, show_default="any free one", help="Port to listen on.")
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on.")
@click.option("--ca-cert", default="", metavar="FILE", help="Trust who signed with this, in PEM.")
@click.option("--insecure", is_flag=True, help="Take any certificate of the upstream.")
@click.option(
    "--keep",
    multiple=True,
    type=click.Choice(KINDS),
    help="Leave this kind of secret as it is; may be repeated.",
)
@click.option("--force", is_flag=True, help="Write FILE and the HAR also where there are some.")
def command(
    *,
    upstream: str,
    output: str,
    port: int,
    host: str,
    ca_cert: str,
    insecure: bool,
    keep: tuple[str, ...],
    force: bool,
) -> None:
    """Record what clients and a cluster say to each other, and make a scenario of it.

    Point any client at the URL that is printed. Every request goes on to the upstream, and nowhere
    else; every answer, or what came in its place, goes back as it is. After each, a HAR beside FILE
    holds all of it, without secrets. Ctrl-C ends the recording and writes FILE, as
    dcos-sim reproduce would make it of the HAR.

    Exit status 0: the scenario gives the recording back. 1: it differs as told, or there is none.
    """
    check_output(output, force=force)
    har = har_beside(output)
    check_output(har, force=force)
    # Blocked, they wait for sigwait below: none is lost on the way there.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPPED_BY)
    redactor = Redactor(frozenset(keep))
    try:
        where = upstream_of(upstream, insecure=insecure, ca_cert=ca_cert)
        count = _record(where, har, redactor, host, port)
    except (ValueError, ListenError) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{har}: cannot be written: {error.strerror}")
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPED_BY)
    exchanges = "1 exchange" if count == 1 else f"{count} exchanges"
    click.echo(f"\nstopped   {exchanges} in {har}", err=True)
    made = _made(har, redactor)
    write(made.text, output)
    tell(made, output)
    sys.exit(DIFFERS if made.differs else 0)


def har_beside(output: str) -> str:
    """Return the name of the HAR that belongs to a scenario file."""
    return f"{output.removesuffix(SUFFIX)}.har"


def _record(upstream: Upstream, har: str, redactor: Redactor, host: str, port: int) -> int:
    """Record until a signal comes; returns how many exchanges."""
    recorder = Recorder(upstream, Path(har), redactor, host=host, port=port, say=_say)
    click.echo(f"url       {recorder.url}")
    click.echo(f"har       {har}")
    click.echo(f"export DCOS_URL={recorder.url}")
    click.echo("Ctrl-C stops it.")
    sys.stdout.flush()
    signal.sigwait(STOPPED_BY)
    recorder.stop()
    return recorder.count


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)


def _made(har: str, redactor: Redactor) -> Reproduction:
    try:
        capture = without_secrets(read_inputs([har], redactor), redactor)
        return made_of(capture, redactor, COMMAND)
    except CaptureError as error:
        click.echo(f"no scenario was made: {redactor.name(str(error))}", err=True)
        sys.exit(DIFFERS)
