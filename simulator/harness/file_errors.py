"""Turns what pydantic found in a file into sentences with a place."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic import Tag, ValidationError
from pydantic_core import ErrorDetails

from simulator.harness.file_model import VERBS, ScenarioModel, Strict
from simulator.harness.source_file import KeyPath, Problem, SourceFile, nearest


def problems_of(error: ValidationError, source: SourceFile) -> Iterator[Problem]:
    """Yield one problem for each thing that the model refused."""
    for details in error.errors(include_url=False):
        path = written_path(details["loc"], source.value)
        message, hint, of_key = _said(details, path)
        yield Problem(place=source.place(path, of_key=of_key), message=message, hint=hint)


def written_path(location: tuple[Any, ...], value: Any) -> KeyPath:  # noqa: ANN401
    """Drop the steps of a location that choose between models: they stand in no file."""
    path: list[str | int] = []
    for index, key in enumerate(location):
        is_index = isinstance(value, list) and isinstance(key, int) and key < len(value)
        if is_index or (isinstance(value, dict) and key in value):
            value = value[key]
        elif index < len(location) - 1 or not isinstance(value, dict):
            continue
        path.append(key)
    return tuple(path)


def _said(  # noqa: PLR0911 - a sentence for each kind of error
    details: ErrorDetails, path: KeyPath
) -> tuple[str, str, bool]:
    """Return message, hint, and whether the key rather than the value is to blame."""
    key = path[-1] if path else "the file"
    match details["type"]:
        case "extra_forbidden":
            return f"unknown key {key!r}", nearest(str(key), _keys_beside(details["loc"])), True
        case "missing":
            return f"{details['loc'][-1]!r} is missing", "", False
        case "literal_error" | "enum":
            allowed = details["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
            given = str(details["input"])
            return f"{given!r} cannot stand here", nearest(given, allowed), False
        case "union_tag_not_found" | "union_tag_invalid":
            return _no_choice(details["input"])
        case "list_type":
            return f"{key!r} must be a list", "write it as [one, two] or with a '-' for each", False
        case "dict_type" | "model_type" | "model_attributes_type":
            return f"{key!r} must be a mapping of keys and values", "", False
        case "too_short" | "too_long":
            bounds = details["ctx"]
            wanted = bounds.get("min_length", bounds.get("max_length"))
            return f"{key!r} needs {wanted} and has {bounds['actual_length']}", "", False
        case "value_error":
            return str(details["ctx"]["error"]), "", False
        case _:
            return f"{key!r} is wrong: {details['msg']}", "", False


def _no_choice(given: object) -> tuple[str, str, bool]:
    if isinstance(given, dict) and given:
        word = next(iter(given))
        return f"{word!r} is no step", nearest(str(word), VERBS), True
    return (
        f"{given!r} cannot stand here",
        f"a step is a mapping with one of: {', '.join(VERBS)}",
        False,
    )


def _keys_beside(location: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the model allows where the location's last key was refused."""
    models: dict[str | int | None, type[Strict]] = {}
    model: type[Strict] = ScenarioModel
    for key in location[:-1]:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if key in models:
            model = models[key]
        elif key in fields:
            field = fields[str(key)]
            models = dict(_models_in(Annotated[(field.annotation, *field.metadata)]))
            model = next(iter(models.values()), model)
    return [field.alias or name for name, field in model.model_fields.items()]


def _models_in(
    annotation: Any,  # noqa: ANN401 - annotations have no common type
    tag: str | None = None,
) -> Iterator[tuple[str | int | None, type[Strict]]]:
    """Yield every model that a value of this annotation may be, with the tag that chooses it."""
    if get_origin(annotation) is Annotated:
        inner, *data = get_args(annotation)
        tags = [item.tag for item in data if isinstance(item, Tag)]
        yield from _models_in(inner, tags[0] if tags else tag)
    elif isinstance(annotation, type) and issubclass(annotation, Strict):
        yield tag, annotation
    else:
        for inner in get_args(annotation):
            yield from _models_in(inner, tag)
