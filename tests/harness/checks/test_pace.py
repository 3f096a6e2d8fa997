"""The edges of the checks of time: how long a pause may be, whose time it is, and how often."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from simulator.harness.checks.catalogue import CHECKS
from simulator.harness.checks.check import breaches
from simulator.harness.checks.conduct import Conduct

Found = Callable[[str, str], list[str]]
Told = Callable[[str], Conduct]

LIST = "GET /list → 200\n"


def polled(time: str, *pauses: str) -> str:
    """Return what a program does that polls with these pauses."""
    polls = "".join(f"+{pause}\n{LIST}" for pause in pauses)
    return f"{time}\nprogram: backup nightly\n{LIST}{polls}"


@pytest.mark.parametrize(
    ("code", "limit", "shorter"),
    [("TIM001", "500ms", "499ms"), ("TIM002", "2s", "1s999ms")],
)
def test_half_of_all_pauses_may_be_too_short(
    code: str, limit: str, shorter: str, found: Found
) -> None:
    """Where most are, it is told with what was usual."""
    what = [f"polled 6 times, mostly {shorter} apart"]
    assert found(code, polled("own time", *[limit] * 5)) == []
    assert found(code, polled("own time", *[shorter] * 5)) == what
    assert found(code, polled("own time", *[shorter] * 2, *[limit] * 3)) == []
    assert found(code, polled("own time", *[limit] * 2, *[shorter] * 3)) == what
    assert found(code, polled("own time", *[limit] * 3, *[shorter] * 3)) == []


@pytest.mark.parametrize("code", ["TIM001", "TIM002"])
def test_a_few_pauses_are_no_habit(code: str, found: Found) -> None:
    """Five are."""
    assert found(code, polled("own time", *["1ms"] * 4)) == []
    assert found(code, polled("own time", *["1ms"] * 5))


@pytest.mark.parametrize(
    ("code", "pause", "own", "scaled"),
    [("TIM001", "1ms", 1, 1), ("TIM002", "1s", 1, 0), ("TIM003", "1h", 1, 0)],
)
def test_pauses_are_judged_where_they_are_the_clients_own(
    code: str, pause: str, own: int, scaled: int, found: Found
) -> None:
    """Only a busy loop shows as well where cluster time passes by itself."""
    assert len(found(code, polled("own time", *[pause] * 5))) == own
    assert len(found(code, polled("scaled time", *[pause] * 5))) == scaled
    assert found(code, polled("", *[pause] * 5).lstrip()) == []


def test_one_pause_alone_may_be_too_long(found: Found) -> None:
    """A quarter of an hour is not."""
    pauses = ["1s"] * 4
    assert found("TIM003", polled("own time", *pauses, "15m")) == []
    assert found("TIM003", polled("own time", *pauses, "15m1ns")) == [
        "let 15m1ns pass between #5 and #6"
    ]


def test_only_polls_of_one_call_are_paced(found: Found) -> None:
    """What lies between two calls is the scenario's own pause."""
    calls = "".join(f"asked: list\n{LIST}" for _ in range(9))
    assert found("TIM001", f"own time\n{calls}") == []
    other = 'POST /create {"label": "nightly"} → 400 busy\n' * 9
    assert found("TIM001", f"own time\nasked: create nightly\n{other}") == []


# --- Retry-After ---------------------------------------------------------------------------------

AWAY = "asked: list\nGET /list → 503 Retry-After: 30s\n"


@pytest.mark.parametrize(
    ("rest", "what"),
    [
        ("", []),
        (f"+30s\n{LIST}", []),
        (f"+28s500ms\n{LIST}", []),
        (f"+28s499ms\n{LIST}", ["#1 said Retry-After: 30s, and #2 came after 28s499ms"]),
        (LIST, ["#1 said Retry-After: 30s, and #2 came after 0s"]),
        (f"+30s\n{LIST}{LIST}", []),
        (f"GET /unknown → 404\n+30s\n{LIST}", []),
        (
            'POST /create {"label": "nightly"} → 400 busy',
            ["#1 said Retry-After: 30s, and #2 came after 0s"],
        ),
        (
            f"+30s\nGET /list → 429 Retry-After: 1m\n+30s\n{LIST}",
            ["#2 said Retry-After: 1m, and #3 came after 30s"],
        ),
    ],
)
def test_retry_after_is_waited_for(rest: str, what: list[str], found: Found) -> None:
    """Nearly: clocks are not exact."""
    assert found("TIM004", AWAY + rest) == what


@pytest.mark.parametrize(("real_seconds", "count"), [(0, 1), (28, 1), (28.5, 0), (60, 0)])
def test_real_time_counts_as_well(real_seconds: float, count: int, told: Told) -> None:
    """A client outside of cluster time waits in its own."""
    conduct = told(f"{AWAY}+1s\n{LIST}")
    (call,) = conduct.calls
    first, second = call.requests
    later = replace(second, received=first.received + int(real_seconds * 10**9))
    conduct = replace(conduct, calls=(replace(call, requests=(first, later)),))
    assert len(list(breaches([CHECKS["TIM004"]], conduct))) == count


def test_another_503_asks_for_no_pause(found: Found) -> None:
    """Nothing was said, so nothing is exercised."""
    assert found("TIM004", f"asked: list\nGET /list → 503\n{LIST}") == []


# --- ends, crowds --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requests", "what"),
    [
        ("", "it had sent no request"),
        ("GET /list → nothing\n", "it had sent 1 request, the last one, #1, not answered"),
        (LIST * 3, "it had sent 3 requests, the last one, #3, answered with 200"),
    ],
)
def test_a_program_that_had_to_be_stopped_is_told_with_its_last_request(
    requests: str, what: str, found: Found
) -> None:
    """That is where it hangs."""
    (program,) = found("TIM005", f"program: backup nightly\n{requests}stopped")
    stopped = "it was stopped after 60s, having written nothing"
    assert program == f"{stopped}; {what}; there is no new backup"
    (operation,) = found("TIM007", f"asked: list\n{requests}claimed: stopped")
    assert operation == f"no end within 30s; {what}"


@pytest.mark.parametrize("end", ["claimed: indeterminate", "claimed: failed: no", "claimed: ok"])
def test_any_end_of_its_own_is_one(end: str, found: Found) -> None:
    """Also that it cannot tell."""
    text = f"asked: list\nGET /list → nothing\n{end}"
    assert found("TIM005", text) == found("TIM007", text) == []


def test_programs_and_operations_have_checks_of_their_own(found: Found) -> None:
    """One is an error, the other a warning."""
    assert found("TIM007", "program: backup nightly\nstopped") == []
    assert found("TIM005", "asked: list\nclaimed: stopped") == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("asked: list\n" + LIST * 20, 0),
        ("asked: list\n" + LIST * 21, 21),
        ("asked: list\n" + LIST * 20 + "+1ns\n" + LIST * 20, 0),
        ("asked: list\n" + LIST * 20 + "GET /list → 302\n" + LIST, 21),
        ("asked: list\n" + LIST * 20 + "GET /list → 307\n", 0),
        ("asked: list\n" + LIST * 20 + "GET /unknown → 404\n", 0),
        ("asked: list\n" + LIST * 11 + "asked: list\n" + LIST * 11, 0),
        (LIST * 30, 0),
    ],
)
def test_twenty_requests_at_one_instant_are_let_pass(text: str, count: int, found: Found) -> None:
    """In one call, without redirects; and a client that is free may do as it likes."""
    what = f"sent {count} requests at one instant of cluster time"
    assert found("TIM006", text) == [what] * bool(count)
