"""The clients that a scenario can be run through, by what ``--client`` says."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from simulator.harness.clients import python
from simulator.harness.clients.profiled import ProfiledClient
from simulator.harness.language.profile_file import Profile, load_profile
from simulator.harness.language.profile_model import (
    HttpProfile,
    ProgramModel,
    ProgramsModel,
    PythonProfile,
)
from simulator.harness.ports import ClientError

HTTP: Final = "http"

_DCOS_BACKUP: Final = [sys.executable, "-P", "-m", "simulator.dcos_backup"]


def client_kind(given: str) -> ProfiledClient:
    """Find a client: ``http``, ``python:package.module:factory``, or a client profile's path.

    Raises:
        ClientError: when there is no such client, or its factory cannot be imported.
        SourceError: when the profile is wrong.
    """
    return ProfiledClient(_profile(given))


def client_kinds(given: Iterable[str]) -> list[ProfiledClient]:
    """Find several clients; one that is given twice is there once.

    Raises:
        ClientError: as above, and when two clients have the same name.
        SourceError: when a profile is wrong.
    """
    kinds: dict[str, ProfiledClient] = {}
    once = {Path(each).resolve() if Path(each).is_file() else each: each for each in given}
    for each in once.values():
        kind = client_kind(each)
        if kind.name in kinds:
            other = kinds[kind.name].given
            raise ClientError(f"two clients are called {kind.name!r}: {other} and {each}")
        kinds[kind.name] = kind
    return list(kinds.values())


def _profile(given: str) -> Profile:
    here = Path.cwd()
    if given == HTTP:
        return Profile(given=given, model=_built_in(), folder=here)
    if given.startswith(python.PREFIX):
        model = PythonProfile.model_construct(
            client=given, kind="python", factory=given.removeprefix(python.PREFIX)
        )
        return Profile(given=given, model=model, folder=here)
    if given and Path(given).exists():
        return load_profile(Path(given))
    if "/" in given or given.endswith((".yaml", ".yml")):
        raise ClientError(f"there is no client profile {given}")
    raise ClientError(
        f"no client is called {given!r}; take http, python:package.module:factory, "
        "or the path of a client profile"
    )


def _built_in() -> HttpProfile:
    """Return the profile of the built-in client; its programs are our own ``dcos-backup``."""
    wait = ["--wait", "--interval=0.02", "--wait-timeout=3"]
    return HttpProfile(
        client=HTTP,
        kind="http",
        env={"DCOS_URL": "{url}", "DCOS_ACS_TOKEN": "{token}", "DCOS_TLS_CA_PATH": "{ca_cert?}"},
        programs=ProgramsModel(
            backup=ProgramModel(run=[*_DCOS_BACKUP, "create", "--label={label}", *wait]),
            restore=ProgramModel(run=[*_DCOS_BACKUP, "restore", *wait, "--", "{id}"]),
        ),
    )
