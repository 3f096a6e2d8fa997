"""Writes about checks: the reference for the documentation, and one of them for the terminal."""

from collections.abc import Iterator, Mapping
from typing import Final

from simulator.harness.checks.catalogue import CHECKS
from simulator.harness.checks.check import FAMILIES, Check, Severity
from simulator.harness.checks.outcomes import OUTCOMES, PROGRAM_OUTCOMES, Claim, Judged, Row

_ALLOW: Final = """    allow:
      {code}: why this client may do it"""


def check_reference() -> str:
    """Return the entries of all checks, as Markdown."""
    lines: list[str] = []
    for family, about in FAMILIES.items():
        lines += [f"## {family}: {about}", ""]
        checks = [check for check in CHECKS.values() if check.family == family]
        lines += ["| Code | Rule | |", "|---|---|---|"]
        lines += [_row(check) for check in checks]
        lines.append("")
        for check in checks:
            lines += _entry(check)
    return "\n".join(lines)


def outcome_reference() -> str:
    """Return the tables of outcomes, as Markdown."""
    operations = {"create, restore, delete": "create", "list, show": "list"}
    lines: list[str] = []
    for title, name in operations.items():
        lines += [f"### {title}", "", *_table(OUTCOMES, name), ""]
    lines += ["### programs", "", *_table(PROGRAM_OUTCOMES, "backup"), ""]
    return "\n".join(lines)


def check_text(check: Check) -> str:
    """Return everything about one check, for the terminal."""
    lines = [
        f"{check.code}  {check.rule}",
        "",
        f"why        {check.why}",
        f"severity   {_severity(check)}",
        "",
        "breaks it",
        *_indented(check.wrong),
        "",
        "does not",
        *_indented(check.right),
        "",
        "to allow it, in a client profile or a scenario file",
        _ALLOW.format(code=check.code),
    ]
    return "\n".join(lines)


def _severity(check: Check) -> str:
    if check.severity is Severity.WARNING:
        return "warning: it is told at the end, and the scenario passes"
    return "error: the scenario fails"


def _row(check: Check) -> str:
    mark = "warning" if check.severity is Severity.WARNING else ""
    return f"| [{check.code}](#{check.code.lower()}) | {check.rule} | {mark} |"


def _entry(check: Check) -> Iterator[str]:
    yield f"### {check.code}"
    yield ""
    yield f"{check.rule} {check.why}"
    if check.severity is Severity.WARNING:
        yield ""
        yield "A warning: it is told at the end, and the scenario passes."
    yield ""
    yield "```text"
    yield from check.wrong.strip().splitlines()
    yield "```"
    yield ""
    yield "Corrected:"
    yield ""
    yield "```text"
    yield from check.right.strip().splitlines()
    yield "```"
    yield ""


def _indented(text: str) -> Iterator[str]:
    return (f"    {line}" for line in text.strip().splitlines())


def _table(table: Mapping[Row, Judged], name: str) -> Iterator[str]:
    rows: dict[str, list[str]] = {}
    for (operation, happened, _), judged in table.items():
        if operation == name:
            reason = f": {judged.reason}" if judged.reason else ""
            rows.setdefault(str(happened.value), []).append(f"{judged.judgement.value}{reason}")
    yield f"| | {' | '.join(claim.value for claim in Claim)} |"
    yield "|---|---|---|---|"
    yield from (f"| {happened} | {' | '.join(cells)} |" for happened, cells in rows.items())
