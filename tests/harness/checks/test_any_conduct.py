"""Whatever a client sends, gets and claims: checks find the same again, in one line, or nothing."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.core.commands import Refusal, Refused, Reply
from simulator.core.faults import (
    AnswerWith,
    Claim,
    Edit,
    Fault,
    FaultRule,
    Goodbye,
    Hang,
    Part,
    Stall,
)
from simulator.core.instants import Duration, Instant
from simulator.harness.checks.catalogue import CHECKS
from simulator.harness.checks.check import FOUND_MAX, breaches
from simulator.harness.checks.conduct import BASE_PATH, Call, Conduct, Pace
from simulator.harness.ports import Failed, Indeterminate, Ok, Outcome, Ran, Unreadable, claimed_by
from simulator.journal import Exchange

Told = Callable[[str], Conduct]
Found = list[tuple[str, str, tuple[int, ...]]]

ALL = tuple(CHECKS.values())
TEXTS = tuple(text for check in ALL for text in (check.wrong, check.right))
DEEP = 10_000

any_text = st.text(st.characters(), max_size=12) | st.text("TOKEN/%?&=.-\n\x1b", max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "status", "marathon", "label"]), inner)
    ),
    max_leaves=5,
)


def nested(kind: str, depth: int) -> Any:  # noqa: ANN401 - a list in a list, and so on
    """Return a value that holds a value, and so on."""
    value: Any = 1
    for _ in range(depth):
        value = [value] if kind == "list" else {"component_status": value}
    return value


deep_values = st.builds(
    nested, st.sampled_from(["list", "object"]), st.sampled_from([300, 480, 700, 960, DEEP])
)
deep_bodies = st.builds(
    lambda start, end, depth: (start * depth + "1" + end * depth).encode(),
    *(st.just("["), st.just("]")),
    depth=st.sampled_from([300, 700, 960, DEEP]),
) | st.builds(
    lambda key, depth: f'{{"id": "nightly-1", {key}: {"[" * depth}1{"]" * depth}}}'.encode(),
    key=st.sampled_from(['"component_status"', '"restores"', '"status"', '"label"']),
    depth=st.sampled_from([300, 480, 700, 960]),
)
documents = st.fixed_dictionaries(
    {"id": st.just("nightly-1") | json_values},
    optional={
        "status": st.sampled_from(["STATUS_READY", "STATUS_ERROR"]) | json_values | deep_values,
        "component_status": json_values | deep_values,
        "restores": json_values | deep_values,
        "timestamp": st.sampled_from(["2019-03-18T23:16:33Z", "0000-00-00T00:00:00Z"]) | any_text,
        "dcos_version": json_values,
    },
)
values = st.one_of(
    json_values,
    deep_values,
    documents,
    st.lists(documents | json_values, max_size=3),
    any_text,
    st.builds(Unreadable, any_text),
    st.binary(max_size=3),
    st.builds(object),
)


def as_json(value: object) -> bytes:
    """Write a value as JSON, if it can be written."""
    try:
        return json.dumps(value).encode()
    except RecursionError:
        return b"[" * DEEP


bodies = st.one_of(
    st.binary(max_size=20),
    json_values.map(as_json),
    documents.map(as_json),
    st.lists(documents, max_size=3).map(as_json),
    deep_bodies,
)
targets = st.one_of(
    any_text,
    any_text.map(lambda text: f"{BASE_PATH}{text}"),
    st.sampled_from(["list", "create", "restore", "delete"]).flatmap(
        lambda route: any_text.map(lambda text: f"{BASE_PATH}/{route}{text}")
    ),
    any_text.map(lambda text: f"{BASE_PATH}/list?prefix={text}"),
)
headers = st.lists(
    st.tuples(
        st.sampled_from([b"Authorization", b"accept", b"HOST", b"Content-Type", b"cookie"])
        | st.binary(max_size=5),
        st.binary(max_size=12),
    )
).map(tuple)
FAULTS: tuple[Fault, ...] = (
    AnswerWith(status=503, retry_after=Duration(10**9)),
    Hang(),
    Stall(Part.BODY, Duration(1)),
    Goodbye(),
    Edit(),
    Claim((("Content-Type", None),)),
)
struck = st.lists(st.sampled_from(FAULTS).map(lambda each: FaultRule(fault=each)), max_size=2).map(
    tuple
)
replies = st.sampled_from(
    [
        None,
        Reply("it is so"),
        *(Reply("no", refusal=Refusal(reason=reason, messages=())) for reason in Refused),
    ]
)
messages = any_text | st.sampled_from(["", "KeyError", "panic: ", "jq: \n\n", "x" * 5000])


@st.composite
def exchanges(draw: st.DrawFn, given: Exchange) -> Exchange:
    """Return an exchange in which anything may be another."""
    changes: dict[str, Any] = {
        "method": st.sampled_from(["GET", "POST", "DELETE"]) | any_text,
        "target": targets,
        "headers": headers,
        "request_body": bodies,
        "status": st.sampled_from([0, 99, 101, 200, 204, 302, 400, 401, 403, 404, 500, 503, 504]),
        "response_body": bodies,
        "reply": replies,
        "struck": struck,
        "at": st.integers(0, 10**12).map(lambda later: Instant(given.at + later)),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(changes)), max_size=4))
    return given._replace(**{name: draw(changes[name]) for name in sorted(chosen)})


@st.composite
def outcomes(draw: st.DrawFn, call: Call) -> tuple[Outcome, Ran | None]:
    """Return what a client may claim of a call, and how its program may have gone."""
    if call.is_program:
        ran = Ran(
            status=draw(st.integers(-70, 255) | st.just(0)),
            output=draw(
                st.binary(max_size=20) | any_text.map(lambda text: text.encode(errors="replace"))
            ),
            errors=draw(messages),
            seconds=1,
            stopped=draw(st.sampled_from(["", "stopped"])),
            left_running=draw(any_text),
        )
        return claimed_by(ran), ran
    outcome = draw(
        st.builds(Ok, values)
        | st.builds(Failed, messages, st.none() | st.integers(0, 999))
        | st.builds(Indeterminate, messages, st.booleans())
    )
    return outcome, None


@st.composite
def calls(draw: st.DrawFn, given: Call) -> Call:
    """Return a call with requests and a claim that may be others."""
    drawn, latest = [], 0
    for request in given.requests:
        exchange = draw(exchanges(request.exchange))
        latest = max(latest, exchange.at)  # time runs forward only
        drawn.append(replace(request, exchange=exchange._replace(at=Instant(latest))))
    outcome, ran = draw(outcomes(given)) if draw(st.booleans()) else (given.outcome, given.ran)
    argument = draw(st.just(given.argument) | any_text)
    return replace(given, argument=argument, requests=tuple(drawn), outcome=outcome, ran=ran)


def found(conduct: Conduct) -> Found:
    """Return what all checks find."""
    found = [(each.check.code, each.found, each.requests) for each in breaches(ALL, conduct)]
    for _, text, _ in found:
        assert text
        assert text.isprintable()
        assert len(text) <= FOUND_MAX + 1
    return found


@settings(max_examples=200)
@given(data=st.data())
def test_no_check_fails_on_any_conduct(data: st.DataObject, told: Told) -> None:
    """And it finds the same again, be it by itself or with values that nobody has looked at yet."""
    conduct = told(data.draw(st.sampled_from(TEXTS)))
    changed = [data.draw(calls(call)) for call in conduct.calls]
    conduct = replace(conduct, calls=tuple(changed), pace=data.draw(st.sampled_from(Pace)))
    first = found(conduct)
    assert found(conduct) == first
    fresh = [
        replace(call, requests=tuple(replace(each) for each in call.requests)) for call in changed
    ]
    assert found(replace(conduct, calls=tuple(fresh))) == first


@settings(max_examples=200)
@given(
    operation=st.sampled_from(["list", "list night", "show nightly-1"]),
    answered=st.lists(documents, max_size=2).map(as_json) | deep_bodies,
    fault=st.none() | st.sampled_from(FAULTS),
    value=documents | st.lists(documents, max_size=2) | values,
)
def test_no_check_fails_on_any_document(
    operation: str, answered: bytes, fault: Fault | None, value: object, told: Told
) -> None:
    """Neither of the cluster's nor of the client's."""
    conduct = told(f"there: nightly-1 STATUS_READY\nasked: {operation}\nGET /list → 200")
    (call,) = conduct.calls
    (request,) = call.requests
    rules = (FaultRule(fault=fault),) if fault else ()
    exchange = request.exchange._replace(response_body=answered, struck=rules)
    call = replace(call, requests=(replace(request, exchange=exchange),), outcome=Ok(value))
    conduct = replace(conduct, calls=(call,))
    assert found(conduct) == found(conduct)


@pytest.mark.parametrize("depth", [300, 480, 700, 900, DEEP])
@pytest.mark.parametrize("kind", ["list", "object"])
def test_what_is_nested_deep_is_not_looked_into(kind: str, depth: int, told: Told) -> None:
    """In an answer and in what a client shows, both the same or both unreadable."""
    inner = as_json(nested(kind, depth)) if depth < DEEP else b"[" * depth
    answered = b'[{"id": "nightly-1", "component_status": ' + inner + b"}]"
    conduct = told("there: nightly-1 STATUS_READY\nasked: show nightly-1\nGET /list → 200")
    (call,) = conduct.calls
    (request,) = call.requests
    request = replace(request, exchange=request.exchange._replace(response_body=answered))
    value = {"id": "nightly-1", "component_status": nested(kind, depth)}
    call = replace(call, requests=(request,), outcome=Ok(value))
    codes = {code for code, _, _ in found(replace(conduct, calls=(call,)))}
    assert codes <= {"OUT001"}  # where nothing can be read of the answer, nothing was shown


class Unwritable:
    """A value of a client's own class that cannot be written."""

    def __repr__(self) -> str:
        """Fail."""
        raise RuntimeError


def test_a_value_that_cannot_be_written_is_told_by_its_type(told: Told) -> None:
    """A client may return whatever it likes."""
    conduct = told("asked: list\nGET /list → 200")
    call = replace(conduct.calls[0], outcome=Ok(Unwritable()))
    assert found(replace(conduct, calls=(call,))) == [("OUT009", "listed <Unwritable>", (1,))]
