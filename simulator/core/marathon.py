"""Marathon's state as far as backups and restores touch it: apps and whether anybody answers."""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_APP_ID: Final = re.compile(r"(/[a-z0-9]([a-z0-9.-]*[a-z0-9])?)+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An app and its definition, as Marathon stores it.

    Attributes:
        id: an absolute path such as ``/web``.
        definition: the JSON object that was posted; never changed in place.
    """

    id: str
    definition: Mapping[str, object]


Apps = Mapping[str, App]
"""Every app by its id. A value: changing the cluster's apps makes a new one."""


def app_from(definition: str | Mapping[str, object]) -> App:
    """Make an app from its id or its definition; ``web`` is read as ``/web``, as Marathon does.

    Raises:
        ValueError: when there is no id, or none that Marathon would take.
    """
    whole = {"id": definition} if isinstance(definition, str) else dict(definition)
    given = whole.get("id")
    if not isinstance(given, str):
        raise ValueError("an app needs an id, such as /web")
    app_id = absolute(given)
    if not _APP_ID.fullmatch(app_id):
        raise ValueError(
            f"{given!r} is not an app id; write a path of lower-case letters, digits, '.' and '-', "
            "such as /shop/web"
        )
    defaults = {"cmd": "sleep 3600", "instances": 1, "cpus": 0.1, "mem": 128}
    return App(
        id=app_id, definition=MappingProxyType(deepcopy({**defaults, **whole, "id": app_id}))
    )


def absolute(app_id: str) -> str:
    """Return an app's id as a path from the root, as Marathon keeps it."""
    return app_id if app_id.startswith("/") else f"/{app_id}"


def apps_of(apps: Iterable[App]) -> Apps:
    """Return these apps by id; of two with one id, the later."""
    return MappingProxyType({app.id: app for app in apps})


def with_app(apps: Apps, app: App) -> Apps:
    """Return the apps with one added or replaced."""
    return MappingProxyType({**apps, app.id: app})


def without_app(apps: Apps, app_id: str) -> Apps:
    """Return the apps without one."""
    return MappingProxyType({key: app for key, app in apps.items() if key != app_id})
