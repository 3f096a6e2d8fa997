import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from simulator.clock import Clock
from simulator.core.time_policies import Manual
from simulator.harness.clients import client_kind, jsonrpc, processes
from simulator.harness.clients.profiled import ProfiledClient
from simulator.harness.ports import (
    ClientError,
    Failed,
    Indeterminate,
    LacksError,
    Ok,
    Outcome,
    Session,
    Target,
)

SECONDS_AT_MOST = 20
"""Of real time: whatever hangs fails its test instead of stopping the run."""

CLOCK = Clock(Manual())

TARGET = Target(url="http://127.0.0.1:1", token="t", username="u", password="p")

Result = TypeVar("Result")
Use = Callable[[Session], Awaitable[Result]]

INITIALIZED = '{"jsonrpc": "2.0", "id": 1, "result": null}'

SECOND = f"""
    read -r request
    echo '{INITIALIZED}'
    read -r request
"""
"""The beginning of a script that goes wrong at its first operation."""


class Maker:
    """Makes clients that speak JSON-RPC, from shell scripts in a folder."""

    def __init__(self, folder: Path) -> None:
        """Use this folder."""
        self.folder = folder

    def script(self, script: str, timeout: str = f"{SECONDS_AT_MOST}s") -> ProfiledClient:
        """Load a profile whose process runs a shell script."""
        program = self.folder / "client"
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        profile = {"client": "mine", "kind": "jsonrpc", "run": ["./client"], "timeout": timeout}
        path = self.folder / "mine.client.yaml"
        path.write_text(json.dumps(profile), encoding="utf-8")
        return client_kind(str(path))

    def answering(self, *lines: str) -> ProfiledClient:
        """Load a profile whose process writes these lines, one for each request, then ends."""
        text = "".join(f"{line}\n" for line in (INITIALIZED, *lines))
        (self.folder / "answers").write_text(text, encoding="utf-8", newline="")
        return self.script(
            """
            exec 3<answers
            while IFS= read -r request; do
                printf '%s\\n' "$request" >>requests
                IFS= read -r answer <&3 || exit 0
                printf '%s\\n' "$answer"
            done
            """
        )

    @property
    def requests(self) -> list[str]:
        """The lines that the process has read."""
        return (self.folder / "requests").read_text(encoding="utf-8").splitlines()


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    """Return how to make clients in the test's folder."""
    return Maker(tmp_path)


def used(kind: ProfiledClient, use: Use[Result]) -> Result:
    """Open a client for one cluster and do something with it."""

    async def once() -> Result:
        async with asyncio.timeout(SECONDS_AT_MOST), kind.open(TARGET, CLOCK) as session:
            return await use(session)

    return asyncio.run(once())


def shown(kind: ProfiledClient) -> Outcome:
    """Return the outcome of one operation."""
    return used(kind, lambda session: session.client.show("a"))


def answer(number: int = 2, **members: Any) -> str:  # noqa: ANN401 - JSON
    """Return an answer, the first operation's if nothing else is said."""
    return json.dumps({"jsonrpc": "2.0", "id": number, **members})


def error(message: str, **members: Any) -> str:  # noqa: ANN401 - JSON
    """Return an answer to the first operation that says that it failed."""
    return answer(error={"code": -32000, "message": message, **members})


# --- requests and answers ----------------------------------------------------------------------


def test_requests_are_lines_of_json_rpc(make: Maker) -> None:
    """One at a time, numbered, between a beginning and an end."""
    kind = make.answering(*(answer(number, result=number) for number in range(2, 7)))

    async def use(session: Session) -> list[Outcome]:
        client = session.client
        return [
            await client.create('a "ä"\n'),
            await client.list(""),
            await client.show("a"),
            await client.restore("a"),
            await client.delete("a"),
        ]

    assert used(kind, use) == [Ok(2), Ok(3), Ok(4), Ok(5), Ok(6)]
    assert make.requests == [
        (
            '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": '
            '{"url": "http://127.0.0.1:1", "token": "t", "username": "u", "password": "p", '
            '"ca_cert": ""}}'
        ),
        r'{"jsonrpc": "2.0", "id": 2, "method": "create", "params": {"label": "a \"\u00e4\"\n"}}',
        '{"jsonrpc": "2.0", "id": 3, "method": "list", "params": {"prefix": ""}}',
        '{"jsonrpc": "2.0", "id": 4, "method": "show", "params": {"id": "a"}}',
        '{"jsonrpc": "2.0", "id": 5, "method": "restore", "params": {"id": "a"}}',
        '{"jsonrpc": "2.0", "id": 6, "method": "delete", "params": {"id": "a"}}',
        '{"jsonrpc": "2.0", "id": 7, "method": "shutdown"}',
    ]


@pytest.mark.parametrize("argument", ["a\0b", "x" * 200_000], ids=["NUL", "long"])
def test_any_text_can_be_an_argument(make: Maker, argument: str) -> None:
    """Unlike on a command line."""
    kind = make.answering(answer(result=None))
    assert used(kind, lambda session: session.client.create(argument)) == Ok(None)
    assert json.loads(make.requests[1])["params"] == {"label": argument}


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        (answer(result={"id": "a"}), Ok({"id": "a"})),
        (answer(result=None), Ok(None)),
        ('{"id":2,"result":"ä 🙂"}\r', Ok("ä 🙂")),
        (error("no such backup"), Failed("no such backup")),
        (error("refused", data={"http_status": 409}), Failed("refused", 409)),
        (error("refused", data={"http_status": "409"}), Failed("refused")),
        (error("refused", data={"http_status": True}), Failed("refused")),
        (error("refused", data="details"), Failed("refused")),
        (error("slow", data={"indeterminate": True}), Indeterminate("slow")),
        (error("slow", data={"indeterminate": "yes"}), Failed("slow")),
        (
            error(""),
            Failed("an error without a message: {'code': -32000, 'message': ''}"),
        ),
        (error("a \ud800 b \x1b[31m\nc"), Failed("a \\ud800 b \\x1b[31m c")),
        (error("x" * 100_000), Failed("x" * 1000 + "…")),
        ('{"id": 2, "result": 1, "error": null}', Ok(1)),
        (answer(error="no luck"), Failed("an error without a message: 'no luck'")),
    ],
)
def test_an_answer_is_an_outcome(make: Maker, line: str, outcome: Outcome) -> None:
    """A result, or an error with what more it says."""
    assert shown(make.answering(line)) == outcome


def test_a_long_answer_comes_in_pieces(make: Maker) -> None:
    """No pipe holds it at once."""
    kind = make.answering(answer(result="x" * 300_000))
    assert shown(kind) == Ok("x" * 300_000)


def test_an_answer_may_be_written_in_pieces(make: Maker) -> None:
    """By several processes, even."""
    kind = make.script(
        SECOND
        + """for piece in '{"id"' ': 2, "re' 'sult": 3' '}'; do
            /usr/bin/env printf '%s' "$piece"
        done; echo; read -r request"""
    )
    assert shown(kind) == Ok(3)


def test_a_process_may_end_after_its_answer(make: Maker) -> None:
    """It was given."""
    kind = make.script(SECOND + f"echo '{answer(result=3)}'; exit 1")
    assert shown(kind) == Ok(3)


def test_complaints_beside_answers_are_not_looked_at(make: Maker) -> None:
    """Programs write progress there."""
    kind = make.script(SECOND + f"echo 50 % >&2; echo '{answer(result=3)}'; read -r request")
    assert shown(kind) == Ok(3)


def test_a_method_that_is_not_found_is_no_outcome(make: Maker) -> None:
    """The client lacks the operation; the others can be asked for."""
    lacks = answer(error={"code": -32601, "message": "Method not found"})
    kind = make.answering(lacks, answer(3, result=3))

    async def use(session: Session) -> Outcome:
        with pytest.raises(LacksError, match="the client has no operation 'restore'"):
            await session.client.restore("a")
        return await session.client.show("a")

    assert used(kind, use) == Ok(3)


# --- processes that go wrong -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 3", "it ended with exit status 3"),
        ("exit 0", "it ended with exit status 0"),
        ("kill -KILL $$", "it was ended by SIGKILL"),
        ("printf '%s' '{\"id\": 2'; exit 1", "it ended with exit status 1"),
        ("echo hello; cat", "it wrote a line that is not JSON: hello"),
        ("echo; cat", "it wrote a line that is not JSON: an empty line"),
        (r"printf '\033\377\n'; cat", "it wrote a line that is not JSON: \\x1b\ufffd"),
        ("echo '[2]'; cat", "it wrote no answer with either a result or an error: [2]"),
        ("echo 2; cat", "it wrote no answer with either a result or an error: 2"),
        (
            """echo '{"id": 2}'; cat""",
            'it wrote no answer with either a result or an error: {"id": 2}',
        ),
        (
            """echo '{"id": 2, "result": 1, "error": {}}'; cat""",
            (
                "it wrote no answer with either a result or an error: "
                '{"id": 2, "result": 1, "error": {}}'
            ),
        ),
        (
            """echo '{"id": 1, "result": 1}'; cat""",
            'it answered with another id than 2: {"id": 1, "result": 1}',
        ),
        (
            """echo '{"id": "2", "result": 1}'; cat""",
            'it answered with another id than 2: {"id": "2", "result": 1}',
        ),
        ("""echo '{"result": 1}'; cat""", 'it answered with another id than 2: {"result": 1}'),
    ],
)
def test_a_process_that_breaks_the_protocol_leaves_it_open(
    make: Maker, script: str, why: str
) -> None:
    """It is ended, and never asked again; its complaints are shown once."""
    kind = make.script(f"{SECOND} echo the reason >&2\n{script}")

    async def use(session: Session) -> list[Outcome]:
        return [await session.client.create("a"), await session.client.show("a")]

    assert used(kind, use) == [
        Indeterminate(f"{why}; on standard error: the reason"),
        Failed(f"it was not asked: {why}"),
    ]


@pytest.mark.parametrize(
    "script", ["cat >/dev/null", "exec >&-; cat >/dev/null", "exec <&-; exec sleep 600"]
)
def test_a_silent_process_is_killed(make: Maker, script: str) -> None:
    """Whether it could still speak, or hear, or not."""
    why = "it gave no answer within 300ms, so it was killed"
    found = shown(make.script(f"trap '' TERM\n{SECOND}{script}", "300ms"))
    assert found == Indeterminate(why, is_stopped=True)


def test_a_line_without_end_is_bounded(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is killed long before the timeout."""
    monkeypatch.setattr(processes, "OUTPUT_MAX", 1024**2)
    why = "it wrote more than 1 MiB in one line, so it was killed"
    assert shown(make.script(f"{SECOND}exec cat /dev/zero")) == Indeterminate(why)


def test_lines_without_end_are_bounded(make: Maker) -> None:
    """Nobody has asked for so many."""
    why = "it wrote line after line that nobody had asked for, so it was killed"
    assert shown(make.script(f"{SECOND}exec yes '{answer(result=3)}'")) in (
        Indeterminate(why),
        Ok(3),
    )
    with pytest.raises(ClientError):
        shown(make.script(f"exec yes '{answer(result=3)}'"))


def test_an_answer_that_was_not_asked_for_is_found(make: Maker) -> None:
    """By the request after it."""
    kind = make.script(
        SECOND + f"echo '{answer(result=3)}'; echo '{answer(result=3)}'; read -r request; cat"
    )

    async def use(session: Session) -> list[Outcome]:
        return [await session.client.show("a"), await session.client.show("a")]

    first, second = used(kind, use)
    assert first == Ok(3)
    why = f"it answered with another id than 3: {answer(result=3)}"
    assert second == Indeterminate(why)


# --- the beginning and the end -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (
            "echo no config >&2; exit 1",
            "it ended with exit status 1; on standard error: no config",
        ),
        ("echo Welcome!; cat", "it wrote a line that is not JSON: Welcome!"),
        (
            """echo '{"id": 1, "error": {"code": 1, "message": "bad token"}}'; cat""",
            "bad token",
        ),
        (
            """echo '{"id": 1, "error": {"code": -32601, "message": "Method not found"}}'; cat""",
            "it has no method 'initialize'",
        ),
    ],
)
def test_a_process_that_cannot_be_initialized_is_an_error_of_the_client(
    make: Maker, script: str, why: str
) -> None:
    """Nothing can be judged, and nothing is to be skipped."""
    with pytest.raises(ClientError) as raised:
        shown(make.script(script))
    assert str(raised.value) == f"mine cannot be initialized: {why}"
    assert not isinstance(raised.value, LacksError)


def test_a_process_that_never_initializes_is_killed(make: Maker) -> None:
    """After the timeout of an operation."""
    why = "mine cannot be initialized: it gave no answer within 200ms, so it was killed"
    with pytest.raises(ClientError, match=why):
        shown(make.script("exec sleep 600", "200ms"))


def test_a_process_that_cannot_be_started_is_an_error_of_the_client(make: Maker) -> None:
    """With the same sentence as a command."""
    kind = make.script("")
    (make.folder / "client").unlink()
    with pytest.raises(ClientError, match=r"cannot start '\./client': there is no file /"):
        shown(kind)


def test_a_process_may_take_its_leave(make: Maker) -> None:
    """It is not killed before it has ended, or a while has passed."""
    kind = make.script(
        f"""
        read -r request; echo '{INITIALIZED}'
        read -r request; echo '{answer(result=3)}'
        read -r request; echo '{answer(3, result=None)}'; echo "$request" >left
        """
    )
    assert shown(kind) == Ok(3)
    left = (make.folder / "left").read_text(encoding="utf-8")
    assert left == '{"jsonrpc": "2.0", "id": 3, "method": "shutdown"}\n'


def test_a_process_that_will_not_leave_is_killed(
    make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a word: all of its operations were judged."""
    monkeypatch.setattr(jsonrpc, "GOODBYE_SECONDS", 0.05)
    kind = make.script(f"trap '' TERM\n{SECOND}echo '{answer(result=3)}'; exec sleep 600")
    assert shown(kind) == Ok(3)


def test_a_process_that_has_left_early_is_not_missed(make: Maker) -> None:
    """Nothing is asked of it any more."""
    kind = make.script(f"{SECOND}echo '{answer(result=3)}'")
    assert shown(kind) == Ok(3)


def test_a_loop_over_standard_input_ends_by_itself(make: Maker) -> None:
    """A client need not know of shutdown: its input ends behind it."""
    kind = make.script(
        f"""
        read -r request; echo '{INITIALIZED}'
        read -r request; echo '{answer(result=3)}'
        while read -r request; do :; done; echo "no more" >left
        """
    )
    assert shown(kind) == Ok(3)
    assert (make.folder / "left").read_text(encoding="utf-8") == "no more\n"
