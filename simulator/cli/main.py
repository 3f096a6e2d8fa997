"""The command itself. What a command needs is imported when that command runs."""

import importlib
from typing import Final

import rich_click as click

from simulator.cli import USAGE_ERROR

click.UsageError.exit_code = USAGE_ERROR  # 2 by default, which in pytest is an interruption

COMMANDS: Final = {
    "test": "Run scenario files through a client, as pytest.",
    "serve": "Serve a fake cluster to point anything at.",
    "reproduce": "Turn what was captured of a failure into a scenario.",
    "record": "Record a client and a cluster, and make a scenario of it.",
    "bundle": "Pack a scenario with all that is needed to run it again.",
    "replay": "Run a bundle again, and show what is different.",
    "explain": "Show what a scenario file scripts, before anything runs.",
    "lint": "Check scenario files and client profiles.",
    "checks": "List what is judged about a client.",
    "schema": "Print the JSON Schemas of files and reports.",
}
"""Every command with its one line; each lives in the module of its name."""


class _Commands(click.RichGroup):
    """Imports a command when it is run: help lists them all and needs none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        return click.Command(cmd_name, help=COMMANDS[cmd_name]) if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        command: click.Command = importlib.import_module(f"simulator.cli.{name}").command
        return name, command, rest


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dcos-backup-simulator", prog_name="dcos-sim")
def main() -> None:
    """A fake DC/OS Enterprise cluster whose Backup and Restore service behaves as scripted."""


if __name__ == "__main__":
    main()
