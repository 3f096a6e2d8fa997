"""``dcos-sim bundle``: a scenario with all that is needed to run it again, in one file."""

from pathlib import Path

import rich_click as click

from simulator.capture.bundles.archive import BundleError
from simulator.capture.bundles.bundle import BUNDLE_SUFFIX, Taken, bundled, chosen, take
from simulator.capture.bundles.profile_secrets import ProfileSecrets
from simulator.capture.bundles.recorded import entries, runs_in_real_time
from simulator.cli import refuse
from simulator.harness.clients import HTTP, client_kind
from simulator.harness.language.scenario import SUFFIX
from simulator.harness.language.source_file import SourceError
from simulator.harness.plain_text import printable
from simulator.harness.ports import ClientError


@click.command("bundle")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--case", default="", metavar="NAME", help="Only this case of the file.")
@click.option(
    "--client",
    "given",
    default=HTTP,
    show_default=True,
    metavar="CLIENT",
    help="Client to run it through, as for dcos-sim test.",
)
@click.option("--seed", default="", metavar="SEED", help="By default that of dcos-sim test.")
@click.option("-o", "--output", default="", metavar="OUT", help="Write the bundle here.")
@click.option("--force", is_flag=True, help="Write OUT also where there is one already.")
def command(*, file: Path, case: str, given: str, seed: str, output: str, force: bool) -> None:
    """Run a scenario file and pack it with its journals, so that others can replay it.

    A bundle holds the scenario file, the client's profile without its secrets, seeds, versions, and
    the journal of each scenario with its hash. It is written to NAME.dcos-sim.zip in the current
    folder. A scenario that fails is bundled, too: exit status 0 says that the bundle was written.
    """
    out = Path(output or f"{file.name.removesuffix(SUFFIX)}{BUNDLE_SUFFIX}")
    _check(out, force=force)
    try:
        scenarios = chosen(file, case)
        kind = client_kind(given)
        taken = []
        for scenario in scenarios:
            taken.append(take(scenario, kind, seed))
            _tell(taken[-1])
        out.write_bytes(bundled(file, kind, taken))
    except (SourceError, ClientError, BundleError) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{out}: cannot be written: {error.strerror}")
    if count := ProfileSecrets(kind.profile).count:
        texts = "1 text" if count == 1 else f"{count} texts"
        click.echo(f"redacted {texts} of the client profile")
    click.echo(f"written  {out}")


def _check(out: Path, *, force: bool) -> None:
    if not out.absolute().parent.is_dir():
        refuse(f"{out}: there is no folder {out.absolute().parent}")
    if out.is_dir():
        refuse(f"{out}: is a folder; name a file in it")
    if out.exists() and not force:
        refuse(f"{out}: is there already; take another name with -o, or say --force")


def _tell(taken: Taken) -> None:
    title = printable(taken.scenario.title)
    if taken.recorded is None:
        click.echo(f"skipped  {title}: {taken.skipped}")
        return
    count = entries(len(taken.recorded.journal))
    word = "passed" if taken.recorded.passed else "failed"
    click.echo(f"{word}   {title} ({count}, seed {printable(taken.seed)})")
    for each in taken.recorded.found:
        click.echo(f"         {each}")
    if runs_in_real_time(taken.scenario):
        click.echo("         its cluster time is moved by real time, too: a replay may differ")
