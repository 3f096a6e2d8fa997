import os
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.harness.language.source_file import (
    DEPTH_MAX,
    NODES_MAX,
    Place,
    SourceError,
    SourceFile,
    nearest,
    parse_source,
    read_source,
)


def parse(text: str) -> SourceFile:
    """Parse a text that may be indented, under a short name."""
    return parse_source("f.yaml", dedent(text).lstrip())


def refused(text: str) -> str:
    """Return the message about a text that cannot be used."""
    with pytest.raises(SourceError) as error:
        parse(text)
    return str(error.value)


def heads(message: str) -> list[str]:
    """Return the lines that say where and what, without quotes and hints."""
    return [line for line in message.splitlines() if line.startswith("f.yaml:")]


# --- values ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scalar",
    [
        "on",
        "no",
        "yes",
        "true",
        "1:30",
        "1.10",
        "010",
        "1e3",
        "~",
        "null",
        "2019-03-18",
        "0x10",
        ".inf",
        "=",
        "<<",
    ],
)
def test_a_scalar_stays_the_text_that_was_written(scalar: str) -> None:
    """YAML 1.1 would make a bool, a number of seconds, a float, None or a date of most."""
    assert parse(f"{scalar}: {scalar}").value == {scalar: scalar}


def test_quotes_and_block_texts_are_read_as_yaml_reads_them() -> None:
    """Only the guesses are gone."""
    text = """
        quoted: "a\\tb"
        single: 'it''s'
        folded: >-
          one
          two
        empty:
    """
    expected = {"quoted": "a\tb", "single": "it's", "folded": "one two", "empty": ""}
    assert parse(text).value == expected


def test_lists_and_mappings_may_be_nested_in_both_styles() -> None:
    """Flow style inside block style is how scenario files are written."""
    assert parse("a:\n- {b: [c, d]}\n- e").value == {"a": [{"b": ["c", "d"]}, "e"]}


def test_an_anchor_may_be_used_again() -> None:
    """Every alias is the value once more."""
    assert parse("a: &x {b: c}\nd: *x\ne: [*x]").value["e"] == [{"b": "c"}]


# --- places ------------------------------------------------------------------------------------


def test_every_value_and_key_knows_its_place() -> None:
    """Lines and columns count from 1; the length is what a caret underlines."""
    source = parse("one: two\nthree:\n  - {four: five}\n")
    assert source.place(("one",)) == Place(1, 6, 3)
    assert source.place(("one",), of_key=True) == Place(1, 1, 3)
    assert source.place(("three", 0)) == Place(3, 5, 12)
    assert source.place(("three", 0, "four")) == Place(3, 12, 4)
    assert source.place(("three", 0, "four"), of_key=True) == Place(3, 6, 4)


def test_a_value_of_several_lines_is_marked_where_it_begins() -> None:
    """A caret cannot underline more than its line."""
    assert parse("a:\n  b: c\n  d: e\n").place(("a",)) == Place(2, 3, 1)


def test_what_is_not_there_has_the_place_of_what_is_around_it() -> None:
    """A missing key is reported where it is missing."""
    source = parse("a:\n  b: c\n")
    assert source.place(("a", "x", 3, "y")) == source.place(("a",))
    assert source.place(("z",)) == source.place(())


def test_an_alias_has_the_place_of_its_anchor() -> None:
    """There is where the value can be changed."""
    source = parse("a: &x word\nb: *x\n")
    assert source.place(("b",)) == source.place(("a",))
    assert source.place(("b",), of_key=True) == Place(2, 1, 1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a: {b: 1, b: 2}", "    1 | a: {b: 1, b: 2}\n      |           ^\n"),
        ("{a: 1,\ta: 2}", "    1 | {a: 1,\ta: 2}\n      |       \t^\n"),
        ("{漢字: 1, 漢字: 2}", "    1 | {漢字: 1, 漢字: 2}\n      |           ^^^^\n"),
        ("{e\u0301: 1, e\u0301: 2}", "    1 | {e\u0301: 1, e\u0301: 2}\n      |        ^\n"),
    ],
    ids=["plain", "tab", "wide", "combining"],
)
def test_a_caret_stands_under_what_it_marks(text: str, shown: str) -> None:
    """Tabs stay tabs; characters of two columns, or of none, are counted as such."""
    assert shown in refused(text)


def test_a_place_beyond_the_file_is_not_quoted() -> None:
    """As of something that never ends."""
    assert parse("a: b").quote(Place(7, 1)) == ""
    assert heads(refused("a: [b\n"))[0].startswith("f.yaml:2:1: is not YAML: ")


def test_the_caret_ends_with_its_line() -> None:
    """A place that is longer than its line is cut."""
    assert parse("a: b").quote(Place(1, 4, 99)) == "    1 | a: b\n      |    ^\n"


# --- what is refused ---------------------------------------------------------------------------


def test_a_key_that_is_said_twice_names_both_lines() -> None:
    """YAML itself takes the last one in silence."""
    assert heads(refused("a: 1\nb: 2\na: 3\n")) == [
        "f.yaml:3:1: 'a' is said twice, first in line 1; keep one"
    ]


def test_several_problems_come_in_the_order_of_the_file() -> None:
    """Also where they were found in another."""
    text = "a: {x: 1, x: 2, y: !t 3, x: 4}\nb: !t 1\na: 2\n"
    assert [head.split(" ")[0] for head in heads(refused(text))] == [
        "f.yaml:1:11:",
        "f.yaml:1:20:",
        "f.yaml:1:26:",
        "f.yaml:2:4:",
        "f.yaml:3:1:",
    ]


@pytest.mark.parametrize("tag", ["!mine", "!!python/name:os.system", "!!binary", "!!set", "!<x:y>"])
def test_a_tag_is_refused(tag: str) -> None:
    """Nothing here gives it a meaning, whether it stands at a value or at a key."""
    assert "has no meaning here" in refused(f"a: {tag} b" if tag != "!!set" else "a: !!set {b}")
    assert "has no meaning here" in refused(f"{tag} a: b")


@pytest.mark.parametrize(
    "key", ["? [a]\n: b", "? {a: b}\n: c", "{[a]: b}"], ids=["list", "mapping", "flow"]
)
def test_a_key_must_be_text(key: str) -> None:
    """Whatever else YAML takes for a key."""
    assert "a key must be text" in refused(key)


def test_an_alias_of_itself_is_refused() -> None:
    """At the value that holds itself."""
    assert heads(refused("a: &x [b, *x]")) == ["f.yaml:1:4: an alias repeats itself endlessly"]
    assert heads(refused("a: &x {b: {c: *x}}")) == ["f.yaml:1:4: an alias repeats itself endlessly"]


def test_aliases_that_multiply_are_refused_once() -> None:
    """A billion values of ten lines: stopped early, and said in one sentence."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]" for n in range(9)]
    (head,) = heads(refused("\n".join(lines)))
    assert head.endswith(f"more than {NODES_MAX} values: aliases multiply them")


def test_endless_depth_is_refused() -> None:
    """Neither Python's stack nor libyaml's ends first."""
    assert f"more than {DEPTH_MAX} levels deep" in refused("[" * 900 + "]" * 900)
    assert "is not YAML" in refused("[" * 100_000)
    deepest = parse("[" * DEPTH_MAX + "x" + "]" * DEPTH_MAX)
    assert deepest.place((0,) * DEPTH_MAX) == Place(1, DEPTH_MAX + 1, 1)


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("a: 'b", "f.yaml:1:6: is not YAML: while scanning a quoted scalar"),
        ("a: b\nc\n", "f.yaml:3:1: is not YAML: while scanning a simple key"),
        ("a: *b", "f.yaml:1:4: is not YAML: found undefined alias"),
        ("a: b: c", "f.yaml:1:5: is not YAML: mapping values are not allowed"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: is not YAML: expected a single document"),
        ("%YAML 9.9\n---\na: b", "f.yaml:1:1: is not YAML: found incompatible YAML document"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_place(text: str, head: str) -> None:
    """The parser's own words follow."""
    assert heads(refused(text))[0].startswith(head)


def test_a_tab_that_indents_is_refused_with_advice() -> None:
    """The parser's words alone would not help."""
    message = refused("a:\n\t- b\n")
    assert heads(message)[0].startswith("f.yaml:2:1: is not YAML: ")
    assert message.endswith("        indent with spaces; YAML takes no tabs there\n")


def test_a_control_character_is_refused_at_its_place() -> None:
    """In lines and columns of the text, whatever the length of its characters in bytes."""
    message = "is not YAML: control characters are not allowed"
    assert heads(refused("é: ü\nb: c\x07\n")) == [f"f.yaml:2:5: {message}"]


@pytest.mark.parametrize("text", ["", "\n\n", "# a comment\n", "---\n"])
def test_an_empty_file_is_refused_with_a_beginning(text: str) -> None:
    """Someone has just made the file."""
    if text != "---\n":
        assert refused(text).startswith("f.yaml:1:1: is empty\n")
        assert "a scenario starts with: scenario: …" in refused(text)
    else:
        assert parse(text).value == ""


# --- files -------------------------------------------------------------------------------------


def unreadable(path: Path) -> str:
    """Return the message about a file that cannot be read."""
    with pytest.raises(SourceError) as error:
        read_source(path)
    return str(error.value)


def test_a_file_is_read_by_the_path_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages name it as a person typed it."""
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("a: b\n", encoding="utf-8")
    assert read_source(Path("a.yaml")).name == "a.yaml"


def test_a_byte_order_mark_is_let_pass(tmp_path: Path) -> None:
    """Editors of Windows write it; columns are counted without it."""
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: b\r\nc: d\r\n")
    source = read_source(path)
    assert source.value == {"a": "b", "c": "d"}
    assert source.place(("a",)) == Place(1, 4, 1)
    assert source.lines == ("a: b", "c: d")


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    """With what to look at."""
    path = tmp_path / "none.yaml"
    assert unreadable(path) == (
        f"{path}:1:1: cannot be read: No such file or directory; check the path and its "
        "permissions\n"
    )


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """Nor a traceback."""
    assert "cannot be read: Is a directory" in unreadable(tmp_path)


def test_any_other_trouble_of_the_system_is_one_sentence(tmp_path: Path) -> None:
    """In the system's own words; root, too, cannot read a link to itself."""
    path = tmp_path / "loop.yaml"
    path.symlink_to(path)
    assert "cannot be read: Too many levels of symbolic links" in unreadable(path)


def test_a_file_that_is_not_utf_8_is_refused_with_the_line(tmp_path: Path) -> None:
    """The line of the first wrong byte."""
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"a: b\nc: \xe9t\xe9\n")
    assert unreadable(path) == f"{path}:2:1: is not UTF-8 text; save it as UTF-8\n"


# --- any text ----------------------------------------------------------------------------------

YAML_LIKE = st.text(
    alphabet=st.sampled_from(" \n\t:-?,[]{}&*!|>'\"%@`#~<ab1.\\\r\x07\u2028é漢\ufeff"), max_size=60
)


def read_or_refused(text: str) -> SourceFile | SourceError:
    """Return what becomes of a text; any other exception fails the test."""
    try:
        return parse_source("f.yaml", text)
    except SourceError as error:
        return error


@given(st.one_of(st.text(), YAML_LIKE))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Never anything else, and every place that is found can be quoted."""
    result = read_or_refused(text)
    if isinstance(result, SourceError):
        assert result.problems
        assert all(problem.place.line > 0 for problem in result.problems)
        assert str(result).startswith("f.yaml:")
    else:
        assert () in result.places
        assert all(result.quote(place) is not None for place in result.places.values())


# --- hints -------------------------------------------------------------------------------------


def test_a_hint_names_the_nearest_word_and_all_others() -> None:
    """The nearest only where one is near."""
    assert (
        nearest("lable", ["label", "times"]) == "did you mean 'label'? allowed here: label, times"
    )
    assert nearest("xyz", ["label", "times"]) == "allowed here: label, times"
    assert nearest("xyz", []) == "allowed here: nothing"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    """Nobody may ever write into it."""
    pipe = tmp_path / "pipe.scenario.yaml"
    os.mkfifo(pipe)
    with pytest.raises(SourceError, match="is a pipe or a device; name a file"):
        read_source(pipe)
