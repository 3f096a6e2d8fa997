"""``dcos-backup``: what ``dcos backup`` of the Enterprise CLI does, and ``--wait``."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from simulator.dcos_backup.api import BackupService
from simulator.dcos_backup.arguments import ToPrint, read
from simulator.dcos_backup.commands import Commands
from simulator.dcos_backup.errors import CommandError, UsageError
from simulator.dcos_backup.output import Streams
from simulator.dcos_backup.pause import Pause, RealPause
from simulator.dcos_backup.settings import settings_from

DONE: Final = 0
FAILED: Final = 1
NOT_UNDERSTOOD: Final = 2
INTERRUPTED: Final = 130
NOBODY_READS: Final = 141
"""As a shell tells of a program that SIGPIPE ended."""


def main(
    argv: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    pause: Pause | None = None,
) -> int:
    """Run one command line; return its exit status. Never raises.

    What is left out is the process's own: its arguments, environment, streams and clock.
    """
    streams = Streams(stdout or sys.stdout, stderr or sys.stderr)
    try:
        _run(
            list(sys.argv[1:] if argv is None else argv),
            os.environ if environ is None else environ,
            streams,
            pause or RealPause(),
        )
    except UsageError as error:
        streams.complain(str(error))
        return NOT_UNDERSTOOD
    except CommandError as error:
        streams.complain(str(error))
        return FAILED
    except BrokenPipeError:
        return NOBODY_READS
    except KeyboardInterrupt:
        return INTERRUPTED
    return DONE


def _run(argv: list[str], environ: Mapping[str, str], streams: Streams, pause: Pause) -> None:
    arguments = read(argv)
    if isinstance(arguments, ToPrint):
        streams.print(arguments.text)
        return
    settings = settings_from(environ, arguments.request_timeout)
    Commands(arguments, BackupService(settings), streams, pause).run()
