"""Turns what pydantic found in a file into sentences with a place."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import Tag, ValidationError
from pydantic_core import ErrorDetails

from simulator.fault_model import FAULTS
from simulator.harness.language.source_file import Key, KeyPath, Problem, SourceFile, nearest
from simulator.harness.language.step_model import VERBS
from simulator.scalars import Strict

_FORMS: Final[Mapping[Key, str]] = {
    "steps": f"a step is a mapping with one of: {', '.join(VERBS)}",
    "time": "write manual, autojump, {per_request: 5s} or {rate: 60}",
    "virtual_time": "write faketime, or {faketime: 60} for 60 s in each real second",
    "do": f"a fault is one of: {', '.join(FAULTS)}",
    "for": "write 90s, {between: [10s, 60s]}, {polls: 3}, {until: NAME} or forever",
}
"""How to write what can be written in more than one way."""

_SUBJECT_WANTED: Final = ("must ", "needs ", "is ")
"""How a sentence begins that leaves out what it speaks of."""


def problems_of(
    error: ValidationError,
    source: SourceFile,
    model: type[Strict],
    keys_beside: tuple[str, ...] = (),
) -> Iterator[Problem]:
    """Yield one problem for each thing that the model refused.

    Args:
        error: what pydantic found.
        source: the file.
        model: the model of the whole file.
        keys_beside: keys that the file may have beside those of the model.
    """
    for details in error.errors(include_url=False):
        spot = spot_of(details["loc"], model, keys_beside)
        path, message, hint = _said(details, spot)
        of_key = path != spot.path or details["type"] == "extra_forbidden"
        yield Problem(place=source.place(path, of_key=of_key), message=message, hint=hint)


# --- where -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an error stands: its path in the file, and what the model allows there.

    Attributes:
        around: the keys of the mapping that holds the path's last key.
        inside: the keys of the mapping that should stand there; empty where none should.
    """

    path: KeyPath
    around: tuple[str, ...]
    inside: tuple[str, ...]


def spot_of(
    location: tuple[Key, ...], model: type[Strict], keys_beside: tuple[str, ...] = ()
) -> Spot:
    """Follow a location of pydantic's through the model.

    Beside keys and indexes it holds the tags of the models that were chosen: those stand in no
    file.
    """
    path: list[Key] = []
    around: tuple[str, ...] = ()
    here: Any = model
    for key in location:
        arms = _arms(here)
        if len(arms) > 1:
            here = _chosen(arms, key)
            continue
        here = arms[0] if arms else None
        if _is_model(here):
            fields = _fields(here)
            around, here = tuple(fields), fields.get(str(key))
        elif get_origin(here) in {list, dict}:
            here = get_args(here)[-1]
        else:
            continue
        path.append(key)
    arms = _arms(here)
    inside = tuple(_fields(arms[0])) if len(arms) == 1 and _is_model(arms[0]) else ()
    if len(path) == 1:
        around = (*around, *keys_beside)
    return Spot(tuple(path), around, inside)


def _arms(annotation: Any) -> list[Any]:  # noqa: ANN401 - annotations have no common type
    """Return what a value may be: the arms of a union, or the annotation itself; never None."""
    if get_origin(annotation) is Annotated and not _tag(annotation):
        return _arms(get_args(annotation)[0])
    if _tag(annotation) or get_origin(annotation) in {list, dict} or not get_args(annotation):
        return [] if annotation in {None, type(None)} else [annotation]
    arms = [arm for arm in get_args(annotation) if arm is not type(None)]
    return _arms(arms[0]) if len(arms) == 1 else arms


def _tag(annotation: Any) -> str | None:  # noqa: ANN401 - as above
    if get_origin(annotation) is not Annotated:
        return None
    return next((data.tag for data in get_args(annotation) if isinstance(data, Tag)), None)


def _chosen(arms: list[Any], key: Key) -> Any:  # noqa: ANN401 - as above
    """Return the arm of a union that a tag stands for."""
    return next((get_args(arm)[0] for arm in arms if _tag(arm) == key), None)


def _is_model(annotation: Any) -> bool:  # noqa: ANN401 - as above
    return isinstance(annotation, type) and issubclass(annotation, Strict)


def _fields(model: type[Strict]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


# --- what --------------------------------------------------------------------------------------


def _said(  # noqa: PLR0911 - a sentence for each kind of error
    details: ErrorDetails, spot: Spot
) -> tuple[KeyPath, str, str]:
    """Return whose place it is, the message and the hint."""
    path, given = spot.path, details["input"]
    subject = _subject(path)
    match details["type"]:
        case "extra_forbidden":
            return path, *_unknown_key(path, spot.around)
        case "missing":
            return path[:-1], f"{path[-1]!r} is missing", ""
        case "literal_error" | "enum":
            allowed = re.findall(r"'([^']*)'", details["ctx"]["expected"])
            hint = _FORMS.get(path[-1]) or nearest(str(given), allowed)
            return path, f"{_quoted(given)} cannot stand here", hint
        case "union_tag_not_found" | "union_tag_invalid":
            return _no_choice(path, given)
        case "list_type":
            hint = "write it as [one, two] or with a '-' for each"
            return path, f"{subject} must be a list", hint
        case "dict_type" | "model_type" | "model_attributes_type":
            hint = f"keys here: {', '.join(spot.inside)}" if spot.inside else ""
            return path, f"{subject} must be a mapping of keys and values", hint
        case "too_short":
            least, given_count = details["ctx"]["min_length"], details["ctx"]["actual_length"]
            return path, f"{subject} needs at least {least}, and has {given_count}", ""
        case "value_error":
            message = str(details["ctx"]["error"])
            hint = _text_hint(path, given) if message.startswith("must be text") else ""
            subjects = f"{subject} " if message.startswith(_SUBJECT_WANTED) else ""
            return path, subjects + message, hint
        case _:
            return path, f"{subject} is wrong: {details['msg']}", ""


def _subject(path: KeyPath) -> str:
    """Name what a sentence speaks of."""
    names = [key for key in path if isinstance(key, str)]
    if not names:
        return "the file"
    return repr(names[-1]) if names[-1] == path[-1] else f"each of {names[-1]!r}"


def _quoted(given: object) -> str:
    if isinstance(given, list):
        return "a list"
    return "a mapping" if isinstance(given, Mapping) else repr(given)


def _text_hint(path: KeyPath, given: object) -> str:
    """Say how to write a text; one that stands in bare braces has become a mapping."""
    if isinstance(given, Mapping) and len(given) == 1 and not any(given.values()):
        return f'write it in quotes: "{{{next(iter(given))}}}"'
    return _FORMS.get(path[-1], "")


def _unknown_key(path: KeyPath, around: tuple[str, ...]) -> tuple[str, str]:
    key = str(path[-1])
    if path[0] == "steps" and len(path) == len(("steps", 0, key)) and key in VERBS:
        return f"{key!r} beside {around[0]!r}: a step does one thing", "write two steps"
    return f"unknown key {key!r}", nearest(key, around)


def _no_choice(path: KeyPath, given: object) -> tuple[KeyPath, str, str]:
    """Say that a value has none of the forms that are allowed; blame its key, if it has one."""
    in_steps = path[0] == "steps" and isinstance(path[-1], int)
    hint = _FORMS["steps"] if in_steps else _FORMS.get(path[-1], "")
    if not isinstance(given, Mapping) or not given:
        return path, f"{_quoted(given)} cannot stand here", hint
    word = next((key for key in given if key != "as"), "as")
    if in_steps:
        return (*path, word), f"{word!r} is no step", nearest(word, VERBS)
    return (*path, word), f"{word!r} cannot stand here", hint
