import asyncio
import json
import os
import select
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from simulator.clock import Clock
from simulator.core.instants import Duration
from simulator.core.time_policies import Manual
from simulator.harness.clients import client_kind, processes
from simulator.harness.clients.command import CommandClient
from simulator.harness.clients.processes import Processes
from simulator.harness.clients.profiled import ProfiledClient
from simulator.harness.language.profile_model import CommandProfile
from simulator.harness.language.source_file import SourceError
from simulator.harness.ports import (
    ClientError,
    Failed,
    Indeterminate,
    LacksError,
    Ok,
    Outcome,
    Session,
    Target,
    Unreadable,
)

SECONDS_AT_MOST = 20
"""Of real time: whatever hangs fails its test instead of stopping the run."""

CLOCK = Clock(Manual())

ID = "nightly-505df8f2-2ba3-4d7f-b6df-2d2dc344f242"

TARGET = Target(url="http://127.0.0.1:1", token="secret", username="u", password="p")

ARGUMENTS = {
    "create": "{label}",
    "list": "{prefix}",
    "show": "{id}",
    "restore": "{id}",
    "delete": "{id}",
}

Result = TypeVar("Result")
Use = Callable[[Session], Awaitable[Result]]


class Maker:
    """Makes client profiles and the programs that they name, in a folder."""

    def __init__(self, folder: Path) -> None:
        """Use this folder."""
        self.folder = folder

    def kind(self, operations: object = None, **more: object) -> ProfiledClient:
        """Load a profile with these operations."""
        profile = {"client": "mine", "kind": "command", "operations": operations or {}, **more}
        path = self.folder / "mine.client.yaml"
        path.write_text(json.dumps(profile), encoding="utf-8")
        return client_kind(str(path))

    def script(self, script: str, **more: object) -> ProfiledClient:
        """Load a profile whose operations all run one shell script, with their arguments."""
        program = self.folder / "client"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        operations = {name: ["./client", name, word] for name, word in ARGUMENTS.items()}
        return self.kind(operations, **more)


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    """Return how to make clients in the test's folder."""
    return Maker(tmp_path)


def used(kind: ProfiledClient, use: Use[Result], target: Target = TARGET) -> Result:
    """Open a client for one cluster and do something with it."""

    async def once() -> Result:
        async with asyncio.timeout(SECONDS_AT_MOST), kind.open(target, CLOCK) as session:
            return await use(session)

    return asyncio.run(once())


def outcome(
    kind: ProfiledClient, operation: str = "show", argument: str = "a", target: Target = TARGET
) -> Outcome:
    """Return the outcome of one operation."""

    async def use(session: Session) -> Outcome:
        found: Outcome = await getattr(session.client, operation)(argument)
        return found

    return used(kind, use, target)


# --- what an exit status claims ----------------------------------------------------------------


def test_each_operation_is_a_command_line(make: Maker) -> None:
    """With its one argument."""
    kind = make.script("""printf '"%s %s"' "$@" """)

    async def use(session: Session) -> list[Outcome]:
        client = session.client
        return [
            await client.create("x y"),
            await client.list("x y"),
            await client.show("x y"),
            await client.restore("x y"),
            await client.delete("x y"),
        ]

    assert used(kind, use) == [Ok("create x y"), Ok("list x y"), Ok("show x y"), Ok(), Ok()]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo no such backup >&2; exit 3", "no such backup"),
        ("echo noise; echo reason >&2; exit 1", "reason"),
        (r"printf '  two\n\tlines\r\n\n' >&2; exit 1", "two lines"),
        (r"printf '\033[31mred\007' >&2; exit 1", r"\x1b[31mred\x07"),
        (r"printf 'bad \377 byte' >&2; exit 1", "bad \ufffd byte"),
        ("exit 3", "it ended with exit status 3, having written nothing"),
        ("echo; exit 255", "it ended with exit status 255, having written nothing"),
        (
            "echo usage: backup; exit 2",
            "it ended with exit status 2; on standard output: usage: backup",
        ),
        ("kill -KILL $$", "it was ended by SIGKILL, having written nothing"),
        ("ulimit -c 0; kill -SEGV $$", "it was ended by SIGSEGV, having written nothing"),
        ("echo last words >&2; kill -TERM $$", "it was ended by SIGTERM: last words"),
    ],
)
@pytest.mark.parametrize("operation", ["create", "list", "delete"])
def test_a_failure_says_what_the_program_says(
    make: Maker, operation: str, script: str, message: str
) -> None:
    """On one line; and how it ended where it says nothing."""
    assert outcome(make.script(script), operation) == Failed(message)


def test_of_a_long_complaint_the_end_is_shown(make: Maker) -> None:
    """There it says what failed."""
    kind = make.script("head -c 200000 /dev/zero | tr '\\0' x >&2; echo ' the reason' >&2; exit 1")
    assert outcome(kind) == Failed(f"…{'x' * 389} the reason")


def test_complaints_of_a_success_are_not_looked_at(make: Maker) -> None:
    """Programs write progress there."""
    assert outcome(make.script("echo 50 % >&2; echo '[]'"), "list") == Ok([])


def test_a_process_that_takes_too_long_leaves_it_open(make: Maker) -> None:
    """What it wrote is shown; all of it is killed."""
    alive = make.folder / "alive"
    os.mkfifo(alive)
    reader = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
    kind = make.script(
        "trap '' TERM; exec 3>alive; echo waiting >&2; sleep 600 & echo up >&3; sleep 600; :",
        timeout="1s",
    )
    why = "it had not ended after 1s, so it was killed: waiting"
    assert outcome(kind) == Indeterminate(why, is_stopped=True)
    for expected in (b"up\n", b""):
        assert select.select([reader], [], [], SECONDS_AT_MOST)[0]
        assert os.read(reader, 100) == expected
    os.close(reader)


def test_a_silent_process_that_takes_too_long_leaves_it_open(make: Maker) -> None:
    """That is said, too."""
    why = "it had not ended after 200ms, so it was killed, having written nothing"
    found = outcome(make.script("exec sleep 600", timeout="200ms"))
    assert found == Indeterminate(why, is_stopped=True)


def test_output_without_end_leaves_it_open(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long before the timeout."""
    monkeypatch.setattr(processes, "OUTPUT_MAX", 1024**2)
    found = outcome(make.script("exec yes yes"), "list")
    assert isinstance(found, Indeterminate)
    begins = "it wrote more than 1 MiB, so it was killed; on standard output: yes yes yes"
    assert found.message.startswith(begins)
    assert len(found.message) < 200


def test_what_is_left_in_the_background_is_a_failure(make: Maker) -> None:
    """Though the exit status says success: nobody would wait for it."""
    kind = make.script("sleep 600 & echo '{}'; exit 0")
    with pytest.raises(ClientError) as error:
        outcome(kind)
    said = str(error.value)
    assert said.startswith("mine left '")  # "sleep 600", or its shell just before that
    assert said.endswith("' running in the background, which was killed: let show wait for it")


def test_what_ends_just_behind_its_process_is_waited_for(make: Maker) -> None:
    """A shell's ``tee`` is a process of its own, and what it writes still counts."""
    kind = make.script("{ sleep 0.05; echo '{\"late\": 1}'; } & exit 0")
    assert outcome(kind) == Ok({"late": 1})


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_daemon_is_an_error_of_the_client(make: Maker) -> None:
    """The operation cannot know of it; the end of the session does, and kills it."""
    kind = make.script(
        "mkfifo up; setsid sh -c 'echo >up; exec sleep 600' >&- 2>&- & read -r _ <up; echo '{}'"
    )
    found: list[Outcome] = []

    async def use(session: Session) -> None:
        found.append(await session.client.show("a"))

    with pytest.raises(ClientError) as error:
        used(kind, use)
    assert found == [Ok({})]
    assert str(error.value).startswith("mine left '")  # "sleep 600", or its shell just before
    assert str(error.value).endswith("' running in the background, which was killed")


def test_a_client_that_cannot_be_started_is_no_outcome(make: Maker) -> None:
    """Nothing can be judged."""
    with pytest.raises(ClientError) as error:
        outcome(make.kind({"show": ["./nothing", "{id}"]}))
    why = f"cannot start './nothing': there is no file {make.folder / 'nothing'}"
    assert str(error.value) == why


def test_an_operation_that_the_profile_does_not_name_is_lacking(tmp_path: Path) -> None:
    """Whoever asks for it nevertheless is told."""

    async def once() -> Outcome:
        profile = CommandProfile.model_validate({"client": "mine", "kind": "command"})
        return await CommandClient(profile, Processes(tmp_path, {}, TARGET)).restore("a")

    with pytest.raises(LacksError, match="the client has no operation 'restore'"):
        asyncio.run(once())


# --- what is printed ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("", None),
        ('{"id": "nightly-1"}', {"id": "nightly-1"}),
        (
            "nightly-505df8f2-2ba3-4d7f-b6df-2d2dc344f242",
            "nightly-505df8f2-2ba3-4d7f-b6df-2d2dc344f242",
        ),
        ("Backup has been started.", None),
    ],
)
def test_create_may_print_anything(make: Maker, printed: str, value: object) -> None:
    """A document, an id, or words."""
    assert outcome(make.script(f"echo '{printed}'"), "create") == Ok(value)


@pytest.mark.parametrize("operation", ["list", "show"])
@pytest.mark.parametrize(
    ("script", "what"),
    [
        ("", "nothing was printed"),
        ("echo '[{'", "what was printed is not JSON ("),
        (r"printf '\377'", "what was printed is not UTF-8 text, at byte 0: b'\\xff'"),
    ],
)
def test_what_cannot_be_read_is_still_a_success(
    make: Maker, operation: str, script: str, what: str
) -> None:
    """The program claims it; an expectation finds that there is no document."""
    found = outcome(make.script(script), operation)
    assert isinstance(found, Ok)
    assert isinstance(found.value, Unreadable)
    assert found.value.what.startswith(what)


@pytest.mark.parametrize("operation", ["restore", "delete"])
def test_what_nobody_asks_for_is_not_read(make: Maker, operation: str) -> None:
    """Whatever it is."""
    assert outcome(make.script(r"printf '\377'"), operation) == Ok()


def test_a_list_may_be_a_table(make: Maker) -> None:
    """Show is JSON nevertheless, as with the command that is documented."""
    kind = make.script(
        """
        test "$1" = list || exec echo '{"id": "a"}'
        echo 'BACKUP ID     VERSION     STATUS                TIMESTAMP'
        echo '---------     -------     ------                ---------'
        echo 'a             1.13.0      STATUS_BACKING_UP     2019-03-18 23:06:41 +0000 UTC'
        """,
        output="table",
    )
    row = {
        "id": "a",
        "dcos_version": "1.13.0",
        "status": "STATUS_BACKING_UP",
        "timestamp": "2019-03-18T23:06:41Z",
    }
    assert outcome(kind, "list") == Ok([row])
    assert outcome(kind, "show") == Ok({"id": "a"})


# --- words -------------------------------------------------------------------------------------

SAYS_ITS_WORDS = """for word; do printf '%s\\0' "$word"; done >said"""


@pytest.mark.parametrize(
    "label",
    [
        "",
        "two words ",
        'it\'s "quoted" \\ `id`',
        "$(touch x)",
        "; touch x #",
        "a\nb\r\n",
        "--help",
        "-",
        "{token}",
        "{{token}}",
        "{label}{label?}",
        "%s%n",
        "*",
        "~",
        "ä\u2028🙂",
    ],
)
def test_a_label_is_one_word_whatever_it_says(make: Maker, label: str) -> None:
    """No shell sees it, and nothing is put into it."""
    assert outcome(make.script(SAYS_ITS_WORDS), "create", label) == Ok(None)
    said = (make.folder / "said").read_bytes().decode()
    assert said == f"create\0{label}\0"
    assert not (make.folder / "x").exists()


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("a\0b", "no command line can carry a text with the character NUL"),
        ("x" * 200_000, "no command line can carry a text that is so long"),
    ],
    ids=["NUL", "long"],
)
def test_what_no_command_line_can_carry_fails(make: Maker, label: str, why: str) -> None:
    """Nothing is started: the program could never be told."""
    assert outcome(make.script("touch x"), "create", label) == Failed(why)
    assert not (make.folder / "x").exists()


def words_of(make: Maker, words: object, argument: str, target: Target = TARGET) -> list[str]:
    """Return the arguments that the program of ``list`` gets."""
    make.script(SAYS_ITS_WORDS)
    found = outcome(make.kind({"list": words}), "list", argument, target)
    assert isinstance(found, Ok)
    return (make.folder / "said").read_text(encoding="utf-8").split("\0")[:-1]


def test_a_word_may_be_dropped(make: Maker) -> None:
    """With all that stands in it; others stay, though they are empty."""
    words = ["./client", "a", "--prefix={prefix?}", "{prefix}", "{prefix?}"]
    assert words_of(make, words, "x") == ["a", "--prefix=x", "x", "x"]
    assert words_of(make, words, "") == ["a", ""]


def test_words_may_hold_anything_about_the_cluster(make: Maker) -> None:
    """Several in a word; JSON needs no escapes, a name in two pairs of braces is text."""
    words = ["./client", "{url}/{username}:{password}", '{"token": "{token}"}', "{{token}} {}"]
    assert words_of(make, words, "") == [
        "http://127.0.0.1:1/u:p",
        '{"token": "secret"}',
        "{token} {}",
    ]


def test_one_text_is_split_as_a_shell_would(make: Maker) -> None:
    """And nothing more is done to it."""
    text = """./client 'one word' "$HOME" a\\ b --prefix={prefix} * | ls"""
    assert words_of(make, text, "x y") == [
        "one word",
        "$HOME",
        "a b",
        "--prefix=x y",
        "*",
        "|",
        "ls",
    ]


# --- surroundings ------------------------------------------------------------------------------


def test_processes_have_the_environment_of_the_harness_and_more(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable without a value stays what it is."""
    monkeypatch.setenv("FROM_HARNESS", "harness")
    monkeypatch.setenv("CHANGED", "harness")
    monkeypatch.delenv("CA", raising=False)
    kind = make.script(
        'echo "\\"$FROM_HARNESS:$CHANGED:${CA-unset}:$BRACES\\""',
        env={"CHANGED": "{url}", "CA": "{ca_cert?}", "BRACES": "{{url}}"},
    )
    url = TARGET.url
    assert outcome(kind, "create") == Ok(f"harness:{url}:unset:{{url}}")
    secure = Target(url=url, token="t", username="u", password="p", ca_cert="/ca.pem")
    assert outcome(kind, "create", target=secure) == Ok(f"harness:{url}:/ca.pem:{{url}}")


def test_processes_work_where_their_profile_stands(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the harness was started."""
    monkeypatch.chdir("/")
    kind = make.script('echo "\\"$(pwd -P)\\""')
    assert outcome(kind, "create") == Ok(str(make.folder.resolve()))


def test_each_cluster_has_a_folder_for_things_that_pass(make: Maker) -> None:
    """Its operations share it; it is gone in the end, with all that is in it."""
    kind = make.script(
        'test "$1" = restore && : >"$TMP/$2"; echo "\\"$(ls "$TMP")\\""', env={"TMP": "{tmp}"}
    )
    where = make.kind({"create": ["echo", '"{tmp}"']})
    tmp: list[str] = []

    async def names(session: Session) -> list[Outcome]:
        await session.client.restore("file")
        return [await session.client.create("")]

    async def folder(session: Session) -> str:
        found = [await session.client.create(""), await session.client.create("")]
        assert found[0] == found[1]
        assert isinstance(found[0], Ok)
        tmp.append(found[0].value)
        assert os.path.isdir(tmp[-1])  # noqa: ASYNC240, PTH112 - a moment
        return tmp[-1]

    async def two_clusters() -> None:
        async with (
            asyncio.timeout(SECONDS_AT_MOST),
            where.open(TARGET, CLOCK) as one,
            where.open(TARGET, CLOCK) as other,
        ):
            assert await folder(one) != await folder(other)

    asyncio.run(two_clusters())
    assert [Path(each).exists() for each in tmp] == [False, False]
    assert used(kind, names) == [Ok("file")]
    assert used(kind, lambda session: session.client.create("")) == Ok("")


# --- setup -------------------------------------------------------------------------------------


def test_setup_comes_once_and_first(make: Maker) -> None:
    """In its order, for each cluster."""
    kind = make.script(
        'echo "$*" >>log', setup=[["./client", "login", "{url}"], "./client 'make ready'"]
    )

    async def use(session: Session) -> None:
        await session.client.restore("a")
        await session.client.delete("a")

    used(kind, use)
    used(kind, use)
    log = (make.folder / "log").read_text(encoding="utf-8").splitlines()
    assert log == ["login http://127.0.0.1:1", "make ready", "restore a", "delete a"] * 2


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo no licence >&2; exit 1", "no licence"),
        ("exit 7", "it ended with exit status 7, having written nothing"),
        (
            "exec sleep 600",
            "it had not ended after 200ms, so it was killed, having written nothing",
        ),
    ],
)
def test_a_setup_that_fails_is_an_error_of_the_client(make: Maker, script: str, why: str) -> None:
    """It names the command, and nothing else is started."""
    timeout = "200ms" if "sleep" in script else "20s"
    kind = make.script(
        f': >"$1"; {script}', setup=[["./client", "one"], ["./client", "two"]], timeout=timeout
    )
    with pytest.raises(ClientError) as error:
        outcome(kind)
    assert str(error.value) == f"the setup of mine failed at './client': {why}"
    assert not (make.folder / "two").exists()
    assert not (make.folder / "show").exists()


def test_a_setup_may_not_go_on_in_the_background(make: Maker) -> None:
    """It would be killed, and what it prepares might be half ready."""
    with pytest.raises(ClientError, match=r"the setup of mine failed at '\./client': it left '"):
        outcome(make.script("sleep 600 & exit 0", setup=["./client"]))


def test_a_setup_that_cannot_be_started_is_an_error_of_the_client(make: Maker) -> None:
    """With the same sentence as an operation."""
    with pytest.raises(ClientError, match=r"cannot start '\./nothing': there is no file /"):
        outcome(make.script("exit 0", setup=[["./nothing"]]))
    with pytest.raises(SourceError, match="holds the character NUL, which no process can be"):
        make.script("exit 0", setup=[["./client", "\0"]])


# --- programs ----------------------------------------------------------------------------------


def test_programs_are_run_to_their_end(make: Maker) -> None:
    """Seen from outside; each has a timeout of its own."""
    make.script('echo "$*"; test "$1" = backup || exec sleep 600')
    programs = {
        "backup": {"run": ["./client", "backup", "{label}"]},
        "restore": {"run": "./client restore {id}", "timeout": "300ms"},
    }
    kind = make.kind(programs=programs)

    async def use(session: Session) -> None:
        ran = await session.programs.run("backup", "a b")
        assert (ran.status, ran.output, ran.stopped) == (0, b"backup a b\n", "")
        ran = await session.programs.run("restore", "a b")
        assert ran.stopped == "it had not ended after 300ms, so it was killed"
        assert ran.output == b"restore a b\n"
        assert ran.seconds * 1e9 >= Duration(300_000_000)

    used(kind, use)
