import asyncio
import functools
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from simulator.clock import Clock
from simulator.core.time_policies import Manual
from simulator.harness.clients import client_kind
from simulator.harness.clients.profiled import ProfiledClient
from simulator.harness.clients.python import PythonClient
from simulator.harness.language.profile_file import Profile
from simulator.harness.language.profile_model import PythonProfile
from simulator.harness.ports import (
    ClientError,
    Failed,
    Indeterminate,
    LacksError,
    Ok,
    Outcome,
    Target,
)

SECONDS_AT_MOST = 20

CLOCK = Clock(Manual())

TARGET = Target(url="http://127.0.0.1:1", token="t", username="u", password="p", ca_cert="c")


def outcome_of(
    method: Callable[[str], Any], operation: str = "create", seconds: float = SECONDS_AT_MOST
) -> Outcome:
    """Return what becomes of a client's method."""

    async def once() -> Outcome:
        async with asyncio.timeout(SECONDS_AT_MOST):
            client = PythonClient(SimpleNamespace(**{operation: method}), seconds)
            outcome: Outcome = await getattr(client, operation)("argument")
            return outcome

    return asyncio.run(once())


def raising(error: BaseException) -> Callable[[str], Any]:
    """Return a method that raises this."""

    def method(argument: str) -> None:
        del argument
        raise error

    return method


class CodedError(Exception):
    """An error that carries the status of an answer, as those of HTTP libraries do."""

    def __init__(self, **codes: object) -> None:
        """Carry these attributes."""
        super().__init__("refused")
        for name, value in codes.items():
            setattr(self, name, value)


# --- what a method returns ---------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["create", "list", "show", "restore", "delete"])
def test_each_operation_is_a_method_of_that_name(operation: str) -> None:
    """With its one argument."""
    assert outcome_of(lambda argument: argument, operation) == Ok("argument")


def test_a_method_may_be_async_in_several_ways() -> None:
    """A coroutine function, or a plain one that returns something to wait for."""

    async def coroutine(argument: str) -> str:
        return argument

    def returns_a_coroutine(argument: str) -> Awaitable[str]:
        return coroutine(argument)

    assert outcome_of(coroutine) == Ok("argument")
    assert outcome_of(returns_a_coroutine) == Ok("argument")
    assert outcome_of(functools.partial(coroutine)) == Ok("argument")


def test_a_method_may_be_any_callable() -> None:
    """Also one without a name."""

    class Shouting:
        def __call__(self, argument: str) -> str:
            return argument.upper()

    assert outcome_of(Shouting()) == Ok("ARGUMENT")
    assert outcome_of(functools.partial(str.upper)) == Ok("ARGUMENT")


@dataclass
class Status:
    """A part of a backup."""

    status: str


@dataclass
class Backup:
    """A backup as a client's own library holds it."""

    id: str
    component_status: dict[str, Status]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        ("nightly-1", "nightly-1"),
        ({"id": "a"}, {"id": "a"}),
        (MappingProxyType({"id": "a"}), {"id": "a"}),
        (
            Backup("a", {"marathon": Status("x")}),
            {"id": "a", "component_status": {"marathon": {"status": "x"}}},
        ),
        ([Status("x"), {"id": "a"}], [{"status": "x"}, {"id": "a"}]),
        (({"id": "a"}, Status("x")), [{"id": "a"}, {"status": "x"}]),
        (Status, Status),
    ],
)
def test_dataclasses_and_mappings_become_documents(value: object, plain: object) -> None:
    """Expectations look into dicts and lists."""
    assert outcome_of(lambda _: value) == Ok(plain)


# --- what a method raises ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ValueError("no such\n  backup"), Failed("ValueError: no such backup")),
        (ValueError(), Failed("ValueError")),
        (CodedError(http_status=409), Failed("CodedError: refused", 409)),
        (CodedError(status=404), Failed("CodedError: refused", 404)),
        (CodedError(status_code=500), Failed("CodedError: refused", 500)),
        (CodedError(status="gone", status_code=410), Failed("CodedError: refused", 410)),
        (CodedError(status=None), Failed("CodedError: refused")),
        (SystemExit(2), Failed("SystemExit: 2")),
        (TimeoutError("slow cluster"), Indeterminate("slow cluster")),
    ],
)
def test_an_exception_is_an_outcome(error: BaseException, outcome: Outcome) -> None:
    """A failure with its text and status; a timeout: the client cannot tell."""
    assert outcome_of(raising(error)) == outcome

    async def asynchronous(argument: str) -> None:
        raising(error)(argument)

    assert outcome_of(asynchronous) == outcome


def test_an_iterator_that_ended_is_a_failure_too() -> None:
    """``next()`` without a default: Python cannot carry it through a coroutine as it is."""
    outcome = outcome_of(lambda _: next(iter(())))
    assert outcome == Failed("RuntimeError: coroutine raised StopIteration")


def test_a_missing_method_is_no_outcome() -> None:
    """A client need not have all operations; nothing is to be judged then."""

    async def once() -> Outcome:
        return await PythonClient(object(), SECONDS_AT_MOST).restore("a")

    with pytest.raises(LacksError, match="the client has no operation 'restore'"):
        asyncio.run(once())


def test_a_method_that_never_returns_holds_nobody_up() -> None:
    """Its thread is left behind; the outcome is that the client cannot tell."""
    ended = threading.Event()

    def blocks(argument: str) -> str:
        ended.wait(SECONDS_AT_MOST)
        return argument

    assert outcome_of(blocks, seconds=0.1) == Indeterminate(
        "no result within 0.1 s", is_stopped=True
    )
    ended.set()


def test_a_coroutine_that_never_returns_is_cancelled() -> None:
    """At the same time."""
    cancelled: list[str] = []

    async def waits(argument: str) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            cancelled.append(argument)
            raise

    assert outcome_of(waits, seconds=0.1) == Indeterminate(
        "no result within 0.1 s", is_stopped=True
    )
    assert cancelled == ["argument"]


# --- factories ---------------------------------------------------------------------------------

Factory = Callable[[Target], Any]


@pytest.fixture
def kind_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ProfiledClient]:
    """Return how to name a factory as ``--client`` does."""

    def kind_of(factory: Factory, **more: str) -> ProfiledClient:
        module = SimpleNamespace(make=factory)
        monkeypatch.setitem(sys.modules, "my_clients", module)
        if not more:
            return client_kind("python:my_clients:make")
        profile = {"client": "mine", "kind": "python", "factory": "my_clients:make", **more}
        model = PythonProfile.model_validate(profile)
        return ProfiledClient(Profile(given="mine", model=model, folder=Path.cwd()))

    return kind_of


KindOf = Callable[..., ProfiledClient]


def shown_by(kind: ProfiledClient) -> Outcome:
    """Open a client and show a backup with it."""

    async def once() -> Outcome:
        async with asyncio.timeout(SECONDS_AT_MOST), kind.open(TARGET, CLOCK) as session:
            return await session.client.show("a")

    return asyncio.run(once())


class Shows:
    """A client that shows something."""

    def __init__(self, value: object) -> None:
        """Show this."""
        self._value = value

    def show(self, backup_id: str) -> object:
        """Show it."""
        del backup_id
        return self._value


def test_a_factory_gets_everything_that_a_client_needs(kind_of: KindOf) -> None:
    """As attributes of one object."""

    def make(target: Target) -> Shows:
        return Shows([target.url, target.token, target.username, target.password, target.ca_cert])

    assert shown_by(kind_of(make)) == Ok(["http://127.0.0.1:1", "t", "u", "p", "c"])


def test_a_factory_may_be_async(kind_of: KindOf) -> None:
    """And log in, for example."""

    async def make(target: Target) -> Shows:
        return Shows(target.token)

    assert shown_by(kind_of(make)) == Ok("t")


def test_a_context_manager_is_entered_and_left(kind_of: KindOf) -> None:
    """Once, around the whole run."""
    happened: list[str] = []

    @contextmanager
    def make(target: Target) -> Iterator[Shows]:
        happened.append("in")
        yield Shows(target.token)
        happened.append("out")

    assert shown_by(kind_of(make)) == Ok("t")
    assert happened == ["in", "out"]


def test_an_async_context_manager_is_entered_and_left(kind_of: KindOf) -> None:
    """Also where the factory itself must be awaited."""
    happened: list[str] = []

    @asynccontextmanager
    async def session(target: Target) -> AsyncIterator[Shows]:
        happened.append("in")
        yield Shows(target.token)
        happened.append("out")

    async def make(target: Target) -> Any:  # noqa: ANN401 - the private class of contextlib
        return session(target)

    assert shown_by(kind_of(session)) == Ok("t")
    assert shown_by(kind_of(make)) == Ok("t")
    assert happened == ["in", "out"] * 2


class FailsToEnter:
    """A context manager that cannot be entered."""

    def __enter__(self) -> None:
        """Fail."""
        raise OSError("no\nroute")

    def __exit__(self, *details: object) -> None:
        """Never reached."""


def fails(target: Target) -> None:
    """Fail at once."""
    raise ValueError(f"no login for {target.username}")


async def fails_later(target: Target) -> None:
    """Fail when awaited."""
    fails(target)


def exits(target: Target) -> None:
    """Leave as a command does."""
    del target
    sys.exit("bad arguments")


@pytest.mark.parametrize(
    ("factory", "reason"),
    [
        (fails, "ValueError: no login for u"),
        (fails_later, "ValueError: no login for u"),
        (lambda _: FailsToEnter(), "OSError: no route"),
        (exits, "SystemExit: bad arguments"),
        (lambda: None, "TypeError: "),
    ],
)
def test_a_client_that_cannot_be_made_is_one_sentence(
    kind_of: KindOf, factory: Factory, reason: str
) -> None:
    """Whatever the factory raises, at whatever point."""
    with pytest.raises(ClientError) as error:
        shown_by(kind_of(factory))
    said = str(error.value)
    assert said.startswith(f"python:my_clients:make failed to make a client: {reason}")
    assert "\n" not in said


def test_a_factory_that_never_returns_is_given_up(kind_of: KindOf) -> None:
    """As far as it waits where it can be stopped."""

    async def make(target: Target) -> None:
        del target
        await asyncio.get_running_loop().create_future()

    with pytest.raises(ClientError, match="failed to make a client: TimeoutError"):
        shown_by(kind_of(make, timeout="100ms"))


# --- names -------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder; what it adds to the import path is taken away again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def test_a_client_is_found_by_its_name(folder: Path) -> None:
    """The reference client, or a module beside the scenarios."""
    (folder / "beside_me.py").write_text("def make(target):\n    return target\n", encoding="utf-8")
    assert client_kind("http").name == "http"
    assert client_kind("python:beside_me:make").name == "python:beside_me:make"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "htpp",
            "no client is called 'htpp'; take http, python:package.module:factory, or ",
        ),
        (
            "",
            "no client is called ''; take http, python:package.module:factory, or ",
        ),
        ("python:", "'python:' names no factory; write python:package.module:factory"),
        ("python:mod", "'python:mod' names no factory; write python:package.module:factory"),
        ("python:mod:", "'python:mod:' names no factory; write python:package.module:factory"),
        (
            "python:no_such_module:make",
            "python:no_such_module:make cannot be imported: ModuleNotFoundError: No module named",
        ),
        ("python:.relative:make", "python:.relative:make cannot be imported: TypeError: "),
        (
            "python:broken_client:make",
            "python:broken_client:make cannot be imported: SyntaxError: ",
        ),
        ("python:exiting_client:make", "python:exiting_client:make cannot be imported: SystemExit"),
        (
            "python:empty_client:make",
            "python:empty_client:make: empty_client has no function 'make'",
        ),
        (
            "python:value_client:make",
            "python:value_client:make: value_client has no function 'make'",
        ),
    ],
)
def test_a_client_that_cannot_be_used_is_one_sentence(
    folder: Path, name: str, message: str
) -> None:
    """What is wrong and what to write."""
    (folder / "broken_client.py").write_text("def make(:\n", encoding="utf-8")
    (folder / "exiting_client.py").write_text("import sys\nsys.exit()\n", encoding="utf-8")
    (folder / "empty_client.py").write_text("", encoding="utf-8")
    (folder / "value_client.py").write_text("make = 3\n", encoding="utf-8")
    with pytest.raises(ClientError) as error:
        client_kind(name)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a \ud800 b", "RuntimeError: a \\ud800 b"),
        ("\x1b[2J", "RuntimeError: \\x1b[2J"),
        ("x" * 5000, f"RuntimeError: {'x' * 1000}…"),
    ],
)
def test_what_an_error_says_can_be_shown_anywhere(text: str, said: str) -> None:
    """On a terminal, in a file, and by another process of pytest."""
    assert outcome_of(raising(RuntimeError(text))) == Failed(said)
