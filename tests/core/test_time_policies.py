import pytest

from simulator.core.faults import Asked
from simulator.core.instants import Duration, parse_duration
from simulator.core.time_policies import Manual, PerRequest, Rate, TimePolicy

A_LIST = Asked("list", "GET", "/system/v1/backup/v1/list")


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        (Manual(), "manual"),
        (PerRequest("1m30s"), "1m30s per request"),
        (PerRequest(("8s", "12s")), "8s to 12s per request"),
        (
            PerRequest({"list": "30s", "POST": "1s"}, rate=2.0),
            "30s per list, 1s per POST, at least 2 s in each real second",
        ),
        (Rate(60.0), "60 s in each real second"),
    ],
)
def test_a_policy_says_what_it_is(policy: TimePolicy, text: str) -> None:
    """For people."""
    assert str(policy) == text


@pytest.mark.parametrize("step", ["", "soon", ("5s", "4s"), Duration(-1)])
def test_a_step_that_is_no_span_is_refused(step: str | Duration | tuple[str, str]) -> None:
    """At once, not at the first request."""
    with pytest.raises(ValueError, match=r"is not a duration|write the shorter duration first"):
        PerRequest(step)


@pytest.mark.parametrize("step", ["0s", ("0s", "1s"), ("0s", "0s")])
def test_a_request_may_take_no_time(step: str | tuple[str, str]) -> None:
    """Always, or at best."""
    (only,) = PerRequest(step).steps
    assert only.shortest == 0


def test_a_step_may_be_written_in_several_ways() -> None:
    """Which are the same policy."""
    ten = parse_duration("10s")
    assert PerRequest("10s") == PerRequest(ten) == PerRequest({"*": "10s"})
    assert PerRequest("10s") == PerRequest((ten, "10s")) != PerRequest("10s", rate=1.0)


def test_the_first_step_that_fits_counts() -> None:
    """By operation, by method, by a glob of paths; and there may be none."""
    policy = PerRequest({"create": "1s", "GET": "2s", "/service/*": "3s"})
    found = [
        policy.step_for(asked)
        for asked in (
            Asked("create", "POST", "/system/v1/backup/v1/create"),
            A_LIST,
            Asked("", "PUT", "/service/marathon/v2/apps"),
            Asked("", "PUT", "/metadata"),
        )
    ]
    assert [step.shortest // 10**9 if step else None for step in found] == [1, 2, 3, None]
