import pytest

from simulator.harness.language.template import filled, filled_words, names_in, split_words

VALUES = {"label": "$(exit) {token}", "token": "secret", "prefix": "", "ca_cert": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("{token}", "secret"),
        ("a{token}b{token}", "asecretbsecret"),
        ("--label={label}", "--label=$(exit) {token}"),
        ("--prefix={prefix}", "--prefix="),
        ("--prefix={prefix?}", None),
        ("{prefix?}{token}", None),
        ("{token?}", "secret"),
        ('{"label": "{label}"}', '{"label": "$(exit) {token}"}'),
        ("{{token}}", "{token}"),
        ("{{token?}}", "{token?}"),
        ("{}", "{}"),
        ("{ token }", "{ token }"),
        ("{1}", "{1}"),
        ("", ""),
    ],
)
def test_a_text_is_filled_in(text: str, expected: str | None) -> None:
    """Values are put in as they are; a question mark drops a text whose value is empty."""
    assert filled(text, VALUES) == expected


def test_words_without_a_value_are_dropped() -> None:
    """Only those with a question mark; an empty word stays."""
    assert filled_words(["list", "{prefix?}", "", "{prefix}"], VALUES) == ["list", "", ""]


def test_names_are_found_in_order() -> None:
    """Those that are optional too; literal ones are none."""
    assert list(names_in('{b} {a?} {{c}} {"d": 1} {e')) == ["b", "a"]


def test_a_command_line_is_split_as_a_shell_would() -> None:
    assert split_words("a 'b c' \"d e\" f\\ g ''") == ["a", "b c", "d e", "f g", ""]


def test_a_quotation_that_does_not_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^\"a 'b\" cannot be split into words: no closing quota"):
        split_words("a 'b")
