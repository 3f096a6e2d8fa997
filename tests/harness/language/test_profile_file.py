from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from simulator.core.instants import parse_duration
from simulator.harness.language.profile_file import Profile, load_profile
from simulator.harness.language.source_file import SourceError

GOLDEN = Path(__file__).parent / "golden" / "profiles"

LoadProfile = Callable[[str], Profile]


@pytest.fixture
def load_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoadProfile:
    """Return how to load a text as a profile that is given as ``mine.client.yaml``."""
    monkeypatch.chdir(tmp_path)

    def load(text: str) -> Profile:
        path = Path("mine.client.yaml")
        path.write_text(dedent(text).lstrip(), encoding="utf-8")
        return load_profile(path)

    return load


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.glob("*.client.yaml")))
def test_a_wrong_profile_gets_the_message_beside_it(
    name: str, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each problem with its line, a caret, and what to write."""
    monkeypatch.chdir(GOLDEN)
    with pytest.raises(SourceError) as error:
        load_profile(Path(name))
    golden(GOLDEN / f"{name.removesuffix('.client.yaml')}.txt", str(error.value))


def test_a_profile_has_defaults(load_text: LoadProfile, tmp_path: Path) -> None:
    """Ten seconds for an operation, nothing known to fail; its folder is where it stands."""
    profile = load_text("client: mine\nkind: http\n")
    assert (profile.name, profile.given) == ("mine", "mine.client.yaml")
    assert profile.folder == tmp_path.resolve()
    assert profile.model.timeout == parse_duration("10s")
    assert profile.known_failing(["restore/a"]) is None
    assert profile.programs == frozenset()


def test_words_are_a_list_or_a_text_that_is_split_as_a_shell_would(load_text: LoadProfile) -> None:
    """Quotations hold words together; nothing else of a shell is done."""
    profile = load_text("""
        client: mine
        kind: command
        operations:
          create: ./bkp create --label '{label} of $HOME' "a b" *.txt
          list: [./bkp, list, "--json"]
        programs:
          backup: {run: "./bkp wait {label}", timeout: 1m}
    """)
    written = profile.model.model_dump(by_alias=True)
    assert written["operations"]["create"] == [
        "./bkp",
        "create",
        "--label",
        "{label} of $HOME",
        "a b",
        "*.txt",
    ]
    assert written["operations"]["list"] == ["./bkp", "list", "--json"]
    assert written["programs"]["backup"]["timeout"] == parse_duration("1m")
    assert written["programs"]["backup"]["run"] == ["./bkp", "wait", "{label}"]


def test_a_client_has_what_its_profile_gives_it(load_text: LoadProfile) -> None:
    """A command its operations; other kinds all five; programs beside any of them."""
    command = load_text("""
        client: mine
        kind: command
        operations: {create: a, list: b}
        programs: {restore: {run: c}}
    """)
    assert command.operations == {"create", "list"}
    assert command.programs == {"restore"}
    rpc = load_text("client: mine\nkind: jsonrpc\nrun: node client.js\n")
    assert rpc.operations == {"create", "list", "show", "restore", "delete"}


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("restore/*", "restore/a-b", True),
        ("restore/*", "flow/a-b", False),
        ("a-b", "a-b", True),
        ("a-*", "restore/a-b", False),
        ("labels/a::two*", "labels/a::two letters", True),
        ("labels/A", "labels/a", False),
    ],
)
def test_known_failures_are_patterns_of_names(
    load_text: LoadProfile,
    pattern: str,
    name: str,
    fits: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Folder, file and case, as a shell's globs."""
    profile = load_text(f'client: mine\nkind: http\nknown_failing: {{"{pattern}": issue 12}}\n')
    known = profile.known_failing([name])
    assert (known is not None) is fits


def test_an_unexpected_pass_shows_the_line_to_delete(load_text: LoadProfile) -> None:
    """As a file and a line, quoted."""
    profile = load_text("""
        client: mine
        kind: http
        known_failing:
          restore/*: issue 12
    """)
    known = profile.known_failing(["restore/a"])
    assert known is not None
    assert known.unexpected_pass == dedent("""\
        passed, although the client is known to fail here: issue 12
        mine.client.yaml:4:3: known_failing
            4 |   restore/*: issue 12
              |   ^^^^^^^^^
                delete this line, or let its pattern name only what still fails
    """)
