import pytest

from simulator.dcos_backup.arguments import Arguments, ToPrint, read
from simulator.dcos_backup.errors import UsageError


def understood(*argv: str) -> Arguments:
    arguments = read(argv)
    assert isinstance(arguments, Arguments)
    return arguments


@pytest.mark.parametrize(
    "argv",
    [
        ("restore", "nightly-1", "--wait", "--interval", "2"),
        ("restore", "--interval=2", "nightly-1", "--wait"),
        ("backup", "restore", "--wait", "--interval", "2", "nightly-1"),
        ("restore", "--wait", "--interval", "2", "--", "nightly-1"),
    ],
)
def test_options_may_stand_anywhere_after_the_command(argv: tuple[str, ...]) -> None:
    """And the first word may be ``backup``, as the ``dcos`` command has it."""
    assert understood(*argv) == Arguments("restore", "nightly-1", False, True, 2.0, 3600.0, None)  # noqa: FBT003


def test_words_may_begin_with_dashes() -> None:
    """A label after ``=``, an id or a prefix after ``--``."""
    assert understood("create", "--label=--x").subject == "--x"
    assert understood("show", "--", "--x").subject == "--x"
    assert understood("list", "--json", "--", "-x")[:3] == ("list", "-x", True)


def test_a_backup_may_be_called_backup() -> None:
    """Only the first word is passed over."""
    assert understood("backup", "list", "backup").subject == "backup"
    assert understood("list", "backup").subject == "backup"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        ((), "say what to do: create, list"),
        (("backup",), "say what to do: create, list"),
        (("creat",), "invalid choice: 'creat'"),
        (("create",), "required: --label; see `dcos-backup create --help`"),
        (("create", "--label"), "--label: expected one argument"),
        (("show",), "required: ID"),
        (("show", "a", "b"), "unrecognized arguments: b"),
        (("list", "--wait"), "unrecognized arguments: --wait"),
        (("create", "--lab=x"), "required: --label"),
        (("restore", "a", "--interval", "0"), "--interval: invalid seconds value: '0'"),
        (("restore", "a", "--interval", "nan"), "--interval: invalid seconds value: 'nan'"),
        (("restore", "a", "--wait-timeout", "-1"), "--wait-timeout: invalid seconds value: '-1'"),
        (("list", "--request-timeout", "inf"), "invalid seconds value: 'inf'"),
        (("list", "caf\udce9"), "argument 2 is not valid text"),
    ],
)
def test_what_is_not_understood_is_told_in_one_sentence(
    argv: tuple[str, ...], sentence: str
) -> None:
    """It says what is wrong, and where to read on."""
    with pytest.raises(UsageError) as caught:
        read(argv)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_info_is_the_line_that_dcos_shows() -> None:
    """As documented."""
    assert read(["--info"]) == ToPrint("Access DC/OS backup functionality\n")
    assert read(["backup", "--info"]) == ToPrint("Access DC/OS backup functionality\n")


def test_version_and_help_are_text_to_print() -> None:
    """Help tells the exit statuses, and that of a command its options."""
    version, usage, create = read(["--version"]), read(["--help"]), read(["create", "-h"])
    assert isinstance(version, ToPrint)
    assert isinstance(usage, ToPrint)
    assert isinstance(create, ToPrint)
    assert version.text.startswith("dcos-backup ")
    assert "exit status:" in usage.text
    assert "--wait-timeout SECONDS" in create.text
