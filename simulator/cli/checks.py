"""``dcos-sim checks``: what is judged about a client."""

import rich_click as click

from simulator.harness.checks.catalogue import CHECKS
from simulator.harness.checks.check import FAMILIES, Severity
from simulator.harness.checks.page import check_text
from simulator.harness.language.source_file import guess


@click.command("checks")
@click.argument("codes", metavar="[CODE]...", nargs=-1)
def command(codes: tuple[str, ...]) -> None:
    """List what is judged about a client in every scenario; with a CODE, tell all about it."""
    wanted = [code.upper() for code in codes]
    for code in wanted:
        if code not in CHECKS:
            hint = guess(code, CHECKS)
            raise click.UsageError(
                f"there is no check {code}; {hint}dcos-sim checks lists them all"
            )
    click.echo("\n\n".join(check_text(CHECKS[code]) for code in wanted) if wanted else _listed())


def _listed() -> str:
    lines: list[str] = []
    for family, about in FAMILIES.items():
        lines += ["", f"{family}: {about}"]
        for check in CHECKS.values():
            if check.family == family:
                mark = " (a warning)" if check.severity is Severity.WARNING else ""
                lines.append(f"  {check.code}  {check.rule}{mark}")
    return "\n".join(lines[1:])
