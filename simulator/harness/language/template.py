"""The words of a command line, with placeholders: ``{label}``, or ``{prefix?}`` that may be absent.

Only a name in braces is a placeholder, so JSON can stand in a word as it is; ``{{label}}`` stands
for the text ``{label}``. Values are never looked into: a label that looks like a placeholder, or
like a shell's language, stays what it is.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

_PLACEHOLDER: Final = re.compile(
    r"\{\{(?P<literal>\w+\??)\}\}|\{(?P<name>[A-Za-z_]\w*)(?P<optional>\?)?\}"
)


def names_in(text: str) -> Iterator[str]:
    """Yield the names of the placeholders in a text."""
    return (match["name"] for match in _PLACEHOLDER.finditer(text) if match["name"])


def filled(text: str, values: Mapping[str, str]) -> str | None:
    """Put values in; None when a placeholder that may be absent has an empty value."""
    for match in _PLACEHOLDER.finditer(text):
        if match["optional"] and not values[match["name"]]:
            return None
    return _PLACEHOLDER.sub(
        lambda match: values[match["name"]] if match["name"] else f"{{{match['literal']}}}", text
    )


def filled_words(words: Iterable[str], values: Mapping[str, str]) -> list[str]:
    """Put values into every word; words that have no value are dropped."""
    return [text for word in words if (text := filled(word, values)) is not None]


def split_words(text: str) -> list[str]:
    """Split a command line as a shell would; nothing else of a shell is done.

    Raises:
        ValueError: when a quotation does not end.
    """
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ValueError(f"{text!r} cannot be split into words: {str(error).lower()}") from None
