"""``dcos-sim replay``: runs what a bundle holds again, and shows what is different."""

import sys
from pathlib import Path

import rich_click as click

from simulator.capture.bundles.archive import BundleError
from simulator.capture.bundles.bundle import read_bundle
from simulator.capture.bundles.replay import replayed, version_lines
from simulator.cli import refuse

DIFFERENT = 1
"""The exit status where something is not what it was."""


@click.command("replay")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--client", default="", metavar="CLIENT", help="Instead of that of the bundle.")
@click.option("--trust", is_flag=True, help="Let the bundle's own client run programs and code.")
@click.option(
    "--keep",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Put all journals in this folder.",
)
def command(*, bundle: Path, client: str, trust: bool, keep: Path | None) -> None:
    """Run what dcos-sim bundle has packed again, with the same seeds, and compare the journals.

    Each scenario is identical, or its first difference is shown. A bundle can come from anybody:
    programs or modules that its client names are run with --trust only.

    Exit status 0: identical. 1: something is different. 4: the bundle cannot be used.
    """
    identical = True
    try:
        read = read_bundle(bundle)
        for line in version_lines(read):
            click.echo(f"version    {line}")
        for each in replayed(read, client=client, trust=trust, keep=keep):
            identical = identical and each.is_identical
            click.echo("\n".join(each.lines()))
    except BundleError as error:
        refuse(f"{bundle}: {error}")
    sys.exit(0 if identical else DIFFERENT)
