"""Where the process starts: nothing is imported before Ctrl-C is expected."""


def main() -> int:
    """Run the command line of this process; return its exit status."""
    try:
        from simulator.dcos_backup.main import main as run  # noqa: PLC0415 - see above

        return run()
    except KeyboardInterrupt:
        return 130
