"""Compares what a client showed with what a scenario expects."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from simulator.harness.language.step_model import Matcher, MatcherModel

_ABSENT: Final = object()

_TESTS: Final[Mapping[str, Callable[[str, Any], bool]]] = {
    "contains": lambda text, part: part in text,
    "starts_with": lambda text, start: text.startswith(start),
    "matches": lambda text, expression: re.search(expression, text) is not None,
    "one_of": lambda text, texts: text in texts,
    "not": lambda text, other: text != other,
}


def value_at(document: object, path: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Follow a dotted path into a document; numbers index lists. A marker when nothing is there."""
    here: Any = document
    for key in path.split("."):
        if isinstance(here, Mapping) and key in here:
            here = here[key]
        elif isinstance(here, Sequence) and not isinstance(here, str) and _indexes(key, here):
            here = here[int(key)]
        else:
            return _ABSENT
    return here


def mismatches(document: object, expected: Mapping[str, Matcher]) -> Iterator[tuple[str, str, str]]:
    """Yield (path, expected, found) for every path whose value is not as expected."""
    for path, matcher in expected.items():
        found = value_at(document, path)
        if not fits(found, matcher):
            yield path, described(matcher), "nothing there" if found is _ABSENT else repr(found)


def described(matcher: Matcher) -> str:
    """Say what a matcher wants."""
    if isinstance(matcher, str):
        return repr(matcher)
    name, wanted = _only(matcher)
    if name == "absent":
        return "nothing there" if wanted else "anything"
    return f"{name.replace('_', ' ')} {wanted!r}"


def fits(found: object, matcher: Matcher) -> bool:
    """Whether a value is as a matcher wants it."""
    if isinstance(matcher, str):
        return found is not _ABSENT and as_text(found) == matcher
    name, wanted = _only(matcher)
    if name == "absent":
        return (found is _ABSENT) is wanted
    if found is _ABSENT:
        return False
    text = as_text(found)
    return _TESTS[name](text, wanted)


def _only(matcher: MatcherModel) -> tuple[str, Any]:
    (field,) = matcher.model_fields_set
    return field.rstrip("_"), getattr(matcher, field)


def as_text(value: object) -> str:
    """Write a JSON value as scenario files do: text as it is, ``true``, ``null``, numbers."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _indexes(key: str, sequence: Sequence[object]) -> bool:
    return key.isdecimal() and int(key) < len(sequence)
