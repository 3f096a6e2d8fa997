"""Applies the checks to what a client did as it liked, in a test in Python."""

from collections.abc import Iterator, Mapping

from simulator.core.time_policies import Rate
from simulator.harness.checks.catalogue import CHECKS
from simulator.harness.checks.check import Breach, Severity, breaches
from simulator.harness.checks.conduct import Pace
from simulator.harness.ports import Control, Target
from simulator.harness.recorder import Recorder


class UnknownCheckError(ValueError):
    """A code that no check has."""


class Checked:
    """Judges what comes to a cluster from now on; nobody asks the client for anything.

    Args:
        control: the cluster.
        target: what the client is given of it.
        allow: codes of checks that the client may break, each with the reason.
        lives_in_cluster_time: whether what the client pauses passes on the cluster's clock.

    Raises:
        UnknownCheckError: when no check has a code in ``allow``.
    """

    def __init__(
        self,
        control: Control,
        target: Target,
        allow: Mapping[str, str],
        *,
        lives_in_cluster_time: bool,
    ) -> None:
        for code in allow:
            if code not in CHECKS:
                raise UnknownCheckError(f"there is no check {code!r}; dcos-sim checks lists them")
        scaled = Pace.SCALED if isinstance(control.clock.policy, Rate) else Pace.NONE
        pace = Pace.OWN if lives_in_cluster_time else scaled
        self._allow = allow
        self._recorder = Recorder(control, target, {}, pace)

    def end(self) -> tuple[str, ...]:
        """Stop listening; returns a text for each check that was broken and must not be."""
        self._recorder.stop()
        return tuple(_said(breach) for breach in self._breaches())

    def _breaches(self) -> Iterator[Breach]:
        for breach in breaches(tuple(CHECKS.values()), self._recorder.free()):
            if breach.check.severity is Severity.ERROR and breach.check.code not in self._allow:
                yield breach


def _said(breach: Breach) -> str:
    numbers = ", ".join(f"#{number}" for number in breach.requests)
    return f"{breach.check.code} {breach.check.rule} Request {numbers}: {breach.found}"
