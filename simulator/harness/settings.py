"""What a project says of itself in ``[tool.dcos-sim]`` of its pyproject.toml."""

import os
import tomllib
from pathlib import Path
from typing import Any, Final

from simulator.harness.language.source_file import nearest

KEYS: Final = ("clients",)


class SettingsError(Exception):
    """Settings that cannot be used; the message says where, what and what to write."""


def clients_of(file: Path) -> list[str]:
    """Return the clients that a project is always tested with, as ``--client`` would name them.

    Paths of profiles are read relative to the file, and returned relative to the working directory.

    Raises:
        SettingsError: when the file is no TOML, or its table says something else.
    """
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: is not TOML: {error}") from None
    table: Any = tables.get("tool", {}).get("dcos-sim", {})
    where = f"{file}: [tool.dcos-sim]"
    if not isinstance(table, dict):
        raise SettingsError(f'{where} must be a table: clients = ["my.client.yaml"]')
    for key in table:
        if key not in KEYS:
            raise SettingsError(f"{where} has an unknown key {key!r}; {nearest(key, KEYS)}")
    clients = table.get("clients", [])
    if not isinstance(clients, list) or not all(isinstance(each, str) for each in clients):
        raise SettingsError(f'{where}: clients must be a list of texts: ["my.client.yaml"]')
    return [_from_here(each, file.parent) for each in clients]


def _from_here(client: str, folder: Path) -> str:
    """Return a client as it would be named from the working directory."""
    is_path = client != "http" and not client.startswith("python:")
    return os.path.relpath(folder / client) if is_path else client
