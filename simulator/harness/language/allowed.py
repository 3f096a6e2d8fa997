"""What ``allow`` may name, in scenario files and in client profiles: checks."""

from collections.abc import Iterable, Iterator

from simulator.harness.checks.catalogue import CHECKS
from simulator.harness.language.source_file import Problem, SourceFile, guess


def unknown_checks(allow: Iterable[str], source: SourceFile) -> Iterator[Problem]:
    """Yield a problem for each code under ``allow`` that no check has."""
    for code in allow:
        if code not in CHECKS:
            place = source.place(("allow", code), of_key=True)
            hint = f"{guess(code, CHECKS)}dcos-sim checks lists them all"
            yield Problem(place=place, message=f"there is no check {code!r}", hint=hint)
