from collections.abc import Callable
from string import ascii_letters, digits

import pytest

from simulator.core.identifiers import backup_id_problems, label_problems, prefix_problems

FIRST_TWO = set(ascii_letters + digits + "_")
LATER = FIRST_TWO | {".", "-"}
CHARACTERS = [*map(chr, range(128)), "é", "ß", "\u0663", "\uff21", "\u200b", "\U0001f600"]
SHAPE_PROBLEM = (
    "the first two characters must be letters, digits or '_', the others may also be '.' or '-'"
)

Rule = Callable[[str], tuple[str, ...]]

named_rules = pytest.mark.parametrize(
    ("rule", "shortest"), [(label_problems, 3), (backup_id_problems, 40)]
)


def accepted_by(rule: Rule, template: str) -> set[str]:
    """Return the characters that may stand in the template's ``?``."""
    return {char for char in CHARACTERS if not rule(template.replace("?", char))}


def lengths_accepted_by(rule: Rule) -> set[int]:
    """Return how long a text without other problems may be, tried up to 100."""
    return {length for length in range(100) if not rule("a" * length)}


def test_a_label_has_3_to_25_characters() -> None:
    """Both ends included."""
    assert lengths_accepted_by(label_problems) == set(range(3, 26))


def test_an_id_has_40_to_62_characters() -> None:
    """Both ends included."""
    assert lengths_accepted_by(backup_id_problems) == set(range(40, 63))


def test_a_prefix_is_no_longer_than_an_id() -> None:
    """An empty one is fine: every id starts with it."""
    assert lengths_accepted_by(prefix_problems) == set(range(63))


@named_rules
def test_the_first_character_is_a_letter_a_digit_or_an_underscore(
    rule: Rule, shortest: int
) -> None:
    """Over all of ASCII and some of what lies beyond."""
    assert accepted_by(rule, "?" + "a" * (shortest - 1)) == FIRST_TWO


@named_rules
def test_so_is_the_second(rule: Rule, shortest: int) -> None:
    """A leading ``..`` or ``a.`` cannot be written."""
    assert accepted_by(rule, "a?" + "a" * (shortest - 2)) == FIRST_TWO


@named_rules
def test_the_third_and_the_last_may_also_be_a_dot_or_a_dash(rule: Rule, shortest: int) -> None:
    """Nothing special about the end."""
    assert accepted_by(rule, "aa?" + "a" * shortest) == LATER
    assert accepted_by(rule, "a" * shortest + "?") == LATER


def test_a_prefix_holds_the_characters_of_an_id() -> None:
    """After two of the first kind, any of the later kind."""
    assert accepted_by(prefix_problems, "aa?") == LATER


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (label_problems, "nightly\n"),
        (backup_id_problems, "a" * 40 + "\n"),
        (prefix_problems, "aa\n"),
    ],
)
def test_a_trailing_newline_does_not_slip_through(rule: Rule, text: str) -> None:
    """The trap of ``$`` in expressions."""
    assert len(rule(text)) == 1


def test_every_problem_is_a_sentence_for_the_client() -> None:
    """Length and shape are told apart, and both are told at once."""
    assert label_problems("é") == (
        "label: must have 3 to 25 characters, not 1",
        f"label: {SHAPE_PROBLEM}",
    )
    assert backup_id_problems("a" * 63) == ("id: must have 40 to 62 characters, not 63",)
    assert prefix_problems("/" * 63) == (
        "prefix: must have at most 62 characters",
        "prefix: may hold only letters, digits, '_', '.' and '-'",
    )
