"""``dcos-sim test``: a thin front to pytest."""

import glob
import shlex
import sys
from pathlib import Path

import rich_click as click

from simulator.catalogue import catalogue_folder

_ALREADY_IMPORTED = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
"""pytest warns that this package was imported before it; no assertion of ours needs rewriting."""

_SHOWN = "-rfEsxX"
"""What pytest's summary names: also what was skipped or is known to fail, with the reason."""


@click.command(
    "test",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Run scenario files through a client: the bundled ones, or those that are named.

    Everything is pytest's: options (-k, -n, -x, --lf, --junitxml …), exit codes, output. Beside
    these: --client CLIENT (repeatable) and --sim-seed SEED. --help shows pytest's whole help.
    """
    import pytest  # noqa: PLC0415 - heavy

    sys.exit(pytest.main([_SHOWN, *_settings(), *arguments]))


def _settings() -> list[str]:
    """Return options for pytest that make the bundled scenarios what runs by default.

    pytest takes ``testpaths`` where no argument names a file, as long as it is started in its root.
    """
    catalogue = shlex.quote(glob.escape(str(catalogue_folder())))
    return [
        *("--rootdir", str(Path.cwd())),
        *("-o", f"testpaths={catalogue}"),
        *("-W", _ALREADY_IMPORTED),
        "--force-short-summary",  # or pytest repeats whole failures in its summary, in CI only
    ]
