"""The command line, read."""

import argparse
from collections.abc import Sequence
from typing import Final, NamedTuple, NoReturn, final

from simulator.dcos_backup.errors import UsageError

INFO: Final = "Access DC/OS backup functionality"
"""What the ``dcos`` command shows beside ``backup``. Source: docs, command reference."""

SECONDS_MAX: Final = 366 * 24 * 3600.0

_EPILOG: Final = """\
environment:
  DCOS_URL              where the cluster is, such as https://dcos.example.com
  DCOS_ACS_TOKEN        the token; where one of the two is missing, `dcos config show` is asked
  DCOS_TLS_INSECURE     1 or true: do not check the cluster's certificate
  DCOS_TLS_CA_PATH      a file of certificates to check the cluster's against
  DCOS_BACKUP_REQUEST_TIMEOUT
                        seconds for one request, where --request-timeout is not given

exit status:
  0    done; with --wait: the backup, or the restore, is STATUS_READY
  1    not done, or not known to be done; one sentence on standard error says why
  2    the command line was not understood
  130  interrupted
"""


class Arguments(NamedTuple):
    """What was asked for.

    Attributes:
        command: ``create``, ``list``, ``show``, ``delete`` or ``restore``.
        subject: the label, the prefix (may be empty) or the id.
        request_timeout: seconds; None where the option was not given.
    """

    command: str
    subject: str
    json: bool
    wait: bool
    interval: float
    wait_timeout: float
    request_timeout: float | None


class ToPrint(NamedTuple):
    """The command line asked for words only: help, version or info."""

    text: str


@final
class _HelpAskedError(Exception):
    """``--help`` was given; carries the text."""


@final
class _Parser(argparse.ArgumentParser):
    """Raises where argparse would print and exit."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see `{self.prog} --help`")

    def print_help(self, file: object = None) -> NoReturn:
        del file
        raise _HelpAskedError(self.format_help())


def read(argv: Sequence[str]) -> Arguments | ToPrint:
    """Read the command line, without the program's name.

    A first word ``backup`` is passed over: the ``dcos`` command starts its plugins with it.

    Raises:
        UsageError: when it cannot be understood.
    """
    for number, word in enumerate(argv, start=1):
        if any("\ud800" <= character <= "\udfff" for character in word):
            raise UsageError(f"argument {number} is not valid text in this locale's encoding")
    words = list(argv)
    if words[:1] == ["backup"]:
        del words[0]
    try:
        given = _parser().parse_args(words)
    except _HelpAskedError as asked:
        return ToPrint(str(asked))
    if given.info:
        return ToPrint(f"{INFO}\n")
    if given.version:
        return ToPrint(f"dcos-backup {_version()}\n")
    if given.command is None:
        raise UsageError(
            "say what to do: create, list, show, delete or restore; see `dcos-backup --help`"
        )
    return Arguments(
        given.command,
        given.subject,
        getattr(given, "json", False),
        getattr(given, "wait", False),
        getattr(given, "interval", 0.0),
        getattr(given, "wait_timeout", 0.0),
        given.request_timeout,
    )


def seconds(text: str) -> float:
    """Read a number of seconds above 0.

    Raises:
        ValueError: when it is none; argparse shows the text.
    """
    number = float(text)
    if not 0 < number <= SECONDS_MAX:
        raise ValueError(text)
    return number


def _parser() -> _Parser:
    parser = _Parser(
        prog="dcos-backup",
        description=INFO,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--info", action="store_true", help="print a one-line description")
    parser.add_argument("--version", action="store_true", help="print the version")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    create = _command(commands, "create", "start a backup; prints nothing")
    create.add_argument("--label", dest="subject", metavar="LABEL", required=True)
    _add_waiting(create)
    listing = _command(commands, "list", "list the backups")
    listing.add_argument(
        "subject", metavar="PREFIX", nargs="?", default="", help="only ids that begin so"
    )
    listing.add_argument("--json", action="store_true", help="print JSON instead of a table")
    _add_id(_command(commands, "show", "print one backup as JSON"))
    _add_id(_command(commands, "delete", "delete a backup; prints nothing"))
    restore = _command(commands, "restore", "start to restore a backup; prints nothing")
    _add_id(restore)
    _add_waiting(restore)
    return parser


def _command(
    commands: "argparse._SubParsersAction[_Parser]", name: str, summary: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=summary, allow_abbrev=False)
    command.add_argument(
        "--request-timeout",
        type=seconds,
        metavar="SECONDS",
        help="for one request and its answer (default 10)",
    )
    return command


def _add_id(command: argparse.ArgumentParser) -> None:
    command.add_argument("subject", metavar="ID", help="the whole id, as `list` shows it")


def _add_waiting(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--wait", action="store_true", help="come back when it is over: 0 means STATUS_READY"
    )
    command.add_argument(
        "--interval",
        type=seconds,
        default=1.0,
        metavar="SECONDS",
        help="between two looks while waiting (default 1)",
    )
    command.add_argument(
        "--wait-timeout",
        type=seconds,
        default=3600.0,
        metavar="SECONDS",
        help="wait no longer than this (default 3600)",
    )


def _version() -> str:
    from importlib import metadata  # noqa: PLC0415 - slow to import, seldom asked for

    try:
        return metadata.version("dcos-backup-simulator")
    except metadata.PackageNotFoundError:
        return "(not installed)"
