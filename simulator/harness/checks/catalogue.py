"""All checks, by code."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from simulator.harness.checks.check import Check
from simulator.harness.checks.claims import CLAIM_CHECKS
from simulator.harness.checks.order import ORDER_CHECKS
from simulator.harness.checks.pace import PACE_CHECKS
from simulator.harness.checks.requests import REQUEST_CHECKS

CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {check.code: check for check in (*REQUEST_CHECKS, *ORDER_CHECKS, *PACE_CHECKS, *CLAIM_CHECKS)}
)
