"""Writes the reference of all faults, for the documentation: from their models, with examples."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from simulator.fault_model import FAULTS

EXAMPLES: Final[Mapping[str, str]] = {
    "answer": "{on: create, commit: after, do: {answer: 504}}",
    "headers": "{on: list, do: {headers: {Content-Type: text/html, Content-Encoding: gzip}}}",
    "early": "{on: list, do: {early: 103}}",
    "reset": "{on: create, commit: after, do: {reset: before}}",
    "close": "{on: list, nth: 2..3, do: {close: body}}",
    "length": "{on: list, times: 1, do: {length: +10}}",
    "broken_chunk": "{on: list, times: 1, do: broken_chunk}",
    "garbage": "{on: list, times: 1, do: garbage}",
    "drip": "{on: list, do: {drip: 2ms}}",
    "stall": "{on: list, times: 1, do: {stall: 200ms, at: body}}",
    "hang": "{on: create, commit: after, do: hang}",
    "goodbye": "{on: [create, list], do: goodbye}",
    "refuse": "{on: list, nth: 3, do: {refuse: 300ms}}",
    "stale": "{on: list, from: 1m, until: 2m, do: {stale: 1m}}",
    "hide": '{on: list, nth: 2..3, do: {hide: "nightly*"}}',
    "twice": '{on: list, do: {twice: "*"}}',
    "order": "{on: list, do: {order: shuffled}}",
    "strangers": "{on: list, do: {strangers: nightly, count: 10000}}",
    "edit": '{on: list, do: {edit: "*", set: {status: null, new.field: 1}, drop: timestamp}}',
    "clock": "{on: [create, list], do: {clock: -2h}}",
}
"""One rule for each fault, as a file has it."""

FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "answer": {
        "answer": "the status, 200 to 599",
        "body": (
            "whose: `admin-router` (its HTML page; with 401 also `WWW-Authenticate`), `service` "
            "(`errors`), `marathon` (Jetty's page), `empty`, `text`"
        ),
        "text": "the text, or the error of the service or Marathon",
        "retry_after": "a duration, sent in whole seconds",
        "retry_date": "a duration, sent as the date in cluster time when it is over",
        "location": "where a redirect leads: a path, or an address; `{port}` is the cluster's own",
    },
    "headers": {"headers": "names and values; `null` leaves a header out"},
    "early": {"early": "the status, 100 to 199"},
    "reset": {"reset": "`before`, `head` or `body`: how much of the answer has been sent"},
    "close": {"close": "the same"},
    "length": {"length": "bytes, with a sign"},
    "drip": {"drip": "real time between two bytes"},
    "goodbye": {"goodbye": "real time; at once where it is a mere word"},
    "stall": {"stall": "real time", "at": "`before`, `head`, `body` or `connect`"},
    "refuse": {"refuse": "real time"},
    "stale": {"stale": "cluster time"},
    "hide": {"hide": "a pattern of labels"},
    "twice": {"twice": "a pattern of labels"},
    "order": {"order": "`reversed` or `shuffled`"},
    "strangers": {"strangers": "their label", "count": "how many"},
    "edit": {
        "edit": "a pattern of labels",
        "set": "dotted paths with values",
        "drop": "a dotted path, or a list of them",
    },
    "clock": {"clock": "a duration, with a sign"},
}
"""What each field holds. A fault without any is written as a word."""


def fault_reference() -> str:
    """Return the entries of all faults, as Markdown."""
    return "\n".join(line for name, model in FAULTS.items() for line in _entry(name, model))


def _entry(name: str, model: type[Any]) -> Iterator[str]:
    yield f"### {name}"
    yield ""
    yield " ".join((model.__doc__ or "").split()).replace("``", "`")
    yield ""
    yield "```yaml"
    yield f"- {EXAMPLES[name]}"
    yield "```"
    yield ""
    fields = FIELDS.get(name, {})
    if fields:
        yield "| Field | Default | Value |"
        yield "|---|---|---|"
        for field, meaning in fields.items():
            yield f"| `{field}` | {_default(model, field)} | {meaning} |"
        yield ""
    yield f"*A client:* {model.advice}"
    yield ""


def _default(model: type[Any], name: str) -> str:
    field = next(each for key, each in model.model_fields.items() if name in {key, each.alias})
    if field.is_required():
        return "required"
    return "none" if field.default in ("", None, [], {}) else f"`{field.default}`"
