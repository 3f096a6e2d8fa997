"""What a person sees when a scenario fails: the cause on the first screen, then the timeline."""

import shlex
from collections.abc import Iterator

from simulator.core.instants import rfc3339
from simulator.harness.language.source_file import in_one_line
from simulator.harness.timeline import Mark, timeline
from simulator.harness.verdict import Finding, Verdict


def failure_text(verdict: Verdict) -> str:
    """Say why a scenario failed, with everything that is needed to see and to repeat it."""
    scenario = verdict.scenario
    parts = [f"{scenario.title}\n"]
    parts += [_finding_text(verdict, finding) for finding in verdict.findings]
    parts.append(f"timeline (cluster time, from {rfc3339(verdict.start)}):\n")
    lines = timeline(verdict.journal, verdict.start, verdict.names, list(_marks(verdict)))
    parts += [f"{line}\n" for line in lines]
    if verdict.faults:
        parts.append("\nfaults:\n")
        parts += [f"  {line}\n" for line in verdict.faults]
    parts.append(f"\nseed: {verdict.seed}\nreplay: {replay_command(verdict)}\n")
    # Whatever a client said: the text goes to terminals, files and other processes as UTF-8.
    return "".join(parts).encode(errors="backslashreplace").decode()


def replay_command(verdict: Verdict) -> str:
    """Return the command that runs this scenario again in the same way."""
    scenario = verdict.scenario
    item = f"{scenario.source.name}::{scenario.test_name(verdict.client_name)}"
    client = ["--client", verdict.client_given]
    words = ["dcos-sim", "test", item, *client, "--sim-seed", verdict.seed]
    return " ".join(shlex.quote(word) for word in words)


def _finding_text(verdict: Verdict, finding: Finding) -> str:
    source = verdict.scenario.source
    place = source.place(finding.path)
    number, total = len(verdict.steps), len(verdict.scenario.model.steps)
    behind = "after the program" if total == 0 else "after the last step"
    first = str(finding.path[0]) if finding.path else ""
    step = int(finding.path[1]) + 1 if first == "steps" else number
    where = {"steps": f"step {step} of {total}", "program": "the program"}.get(first, behind)
    lines = [
        f"{source.name}:{place.line}:{place.column}: {where}, client {verdict.client_name}\n",
        source.quote(place),
        *([f"  {finding.check.code}    {finding.expected}\n"] if finding.check else []),
        *([f"  expected  {finding.expected}\n"] if not finding.check else []),
        f"  found     {finding.found}\n",
    ]
    lines += [f"            {note}\n" for note in finding.notes]
    if finding.check:
        lines.append(f"  more      dcos-sim checks {finding.check.code}\n")
    return "".join(lines) + "\n"


def _marks(verdict: Verdict) -> Iterator[Mark]:
    program = verdict.scenario.source.value.get("program")
    for record in verdict.steps:
        claim = f"   → {record.outcome}" if record.outcome else ""
        if program:
            what = f"program: {in_one_line(program)}"
        else:
            step = verdict.scenario.written_steps[record.number]
            what = f"step {record.number + 1}: {in_one_line(step)}"
        yield Mark(record.at, record.after_entry, f"{what}{claim}")
