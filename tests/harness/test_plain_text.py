import pytest

from simulator.harness.plain_text import beginning, end, printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("  a \n b ", "a b"),
        ("abcdefgh", "abcdefgh"),
        ("abcdefghi", "abcdefgh…"),
        ("\x1b[31m", "\\x1b[31m"),
        ("ä b", "ä b"),
        (" " * 10**7 + "abcdefghi", "abcdefgh…"),
        ("a" * 10**7, "aaaaaaaa…"),
        ("a" + " " * 100 + "b", "a…"),
    ],
)
def test_a_beginning_is_one_line(text: str, expected: str) -> None:
    """Eight characters of it here; however long the text is, no more than that is worked on."""
    assert beginning(text, 8) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" a\n b \n", "a b"),
        ("abcdefgh", "abcdefgh"),
        ("abcdefghi", "…bcdefghi"),
        ("\x07", "\\x07"),
        ("a" * 10**7, "…aaaaaaaa"),
        ("a" + " " * 100 + "b", "…b"),
    ],
)
def test_an_end_is_one_line(text: str, expected: str) -> None:
    assert end(text, 8) == expected


def test_what_moves_a_cursor_is_escaped() -> None:
    assert printable("a\tb\r\u202e") == "a\\tb\\r\\u202e"
