"""The steps that show a client, at the same moments, what the capture has seen."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from simulator.capture.documents import backup_components, restore_components
from simulator.capture.draft import Act, Draft, Item
from simulator.capture.sightings import REFUSALS, Document, Sighting
from simulator.core.instants import Instant, duration_text, elapsed
from simulator.core.statuses import Status

EXACTLY_MAX: Final = 8
"""Of more backups than these, a list is expected to hold so many, and not which."""


def add_steps(draft: Draft) -> None:
    """Add a step for each act, and let time pass between them."""
    draft.steps = []
    now = draft.start
    for act in draft.acts:
        if act.at > now:
            length = duration_text(elapsed(now, act.at))
            draft.steps.append(Item({"advance": length}))
            now = act.at
        comment = f"guessed: {act.guess}" if act.guess else ""
        draft.steps.append(Item(_step(draft, act), comment))


def _step(draft: Draft, act: Act) -> dict[str, Any]:
    match act.operation:
        case "cluster":
            return {"cluster": _action(draft, act.action)}
        case "create":
            return _create(draft, act)
        case "restore" | "delete":
            changed: dict[str, Any] = {act.operation: _target(draft, act)}
            return {**changed, **_outcome(draft, act)}
        case _:
            return _list(draft, act)


def _action(draft: Draft, action: Mapping[str, Any]) -> dict[str, Any]:
    if "lose" in action:
        return {"lose": draft.names[action["lose"]]}
    return dict(action)


def _create(draft: Draft, act: Act) -> dict[str, Any]:
    step: dict[str, Any] = {"create": {"label": act.argument}}
    if act.made:
        step["as"] = draft.names[act.made]
    return {**step, **_outcome(draft, act)}


def _list(draft: Draft, act: Act) -> dict[str, Any]:
    """Return a step that lists, or that shows a backup where it is asked for by its whole id."""
    seen = act.seen
    assert seen is not None, "nobody supposes that a list was asked for"
    target = _target(draft, act)
    if "backup" in target:
        step: dict[str, Any] = {"show": target}
        if not seen.is_good:
            return {**step, "expect": "unsuccessful"}
        if not seen.backups:
            return {**step, "expect": "failed"}
        return {**step, "expect": expected_of(_shown(seen, act.argument))}
    prefix = {"prefix": act.argument} if act.argument else {}
    step = {"list": prefix}
    if not seen.is_good:
        return {**step, "expect": "unsuccessful"}
    return {**step, "expect": _listed(draft, seen)}


def _is_named(draft: Draft, backup_id: str, at: Instant) -> bool:
    """Whether a backup has got its name when it is asked for, or shown."""
    if backup_id not in draft.names:
        return False
    created = draft.lives[backup_id].created
    return created is None or created < at


def _shown(seen: Sighting, backup_id: str) -> Document:
    return next((each for each in seen.backups or () if each["id"] == backup_id), {})


def _listed(draft: Draft, seen: Sighting) -> dict[str, Any]:
    shown = [each["id"] for each in seen.backups or () if each["id"] in draft.lives]
    known = [draft.names[each] for each in shown if _is_named(draft, each, seen.moment)]
    entries = {
        draft.names[each["id"]]: expected_of(each)
        for each in seen.backups or ()
        if _is_named(draft, each["id"], seen.moment) and _is_of_interest(draft, each)
    }
    told = {"entries": entries} if entries else {}
    if len(known) == len(shown) <= EXACTLY_MAX:
        return {"exactly": known, **told}
    return {"count": str(len(shown)), **told}


def _is_of_interest(draft: Draft, document: Document) -> bool:
    """Whether a list is looked at for a backup: it changes in the capture, or is not well."""
    life = draft.lives[document["id"]]
    is_well = document.get("status") == Status.READY and not document.get("restores")
    return life.created is not None or bool(life.restores) or not is_well


def _target(draft: Draft, act: Act) -> dict[str, str]:
    if _is_named(draft, act.argument, act.at):
        return {"backup": draft.names[act.argument]}
    return {"id": act.argument}


def _outcome(draft: Draft, act: Act) -> dict[str, Any]:
    """Return what is expected of an operation that changes something."""
    seen = act.seen
    if seen is None or seen.is_good:
        return {}
    was_done = carried_out(draft, act)
    is_refusal = seen.status in REFUSALS and not was_done
    return {"expect": "refused" if is_refusal else "unsuccessful"}


def carried_out(draft: Draft, act: Act) -> bool:
    """Whether what was asked for has been done, whatever was answered."""
    match act.operation:
        case "create":
            return bool(act.made)
        case "delete" if act.argument in draft.lives:
            return draft.lives[act.argument].deleted == act.at
        case "restore" if act.argument in draft.lives:
            restores = draft.lives[act.argument].restores
            return any(restore.begun == act.at for restore in restores)
    return False


def expected_of(document: Document) -> dict[str, str]:
    """Return what a client must show of a document: statuses, and all that explains them."""
    expected = {}
    status = document.get("status")
    if isinstance(status, str):
        expected["status"] = status
    if "component_status" in document:
        expected.update(_paths("component_status", backup_components(document), str(status)))
    holder = document.get("restores")
    if holder:
        place = f"restores.{len(holder) - 1}" if isinstance(holder, list) else "restores"
        shown = restore_components(document)
        expected.update(_paths(f"{place}.component_status", shown, ""))
    return expected


def _paths(
    beginning: str, components: Mapping[str, Document], but: str
) -> Iterator[tuple[str, str]]:
    for name, component in components.items():
        if "." in name:
            continue
        for key, value in component.items():
            is_said = key == "status" and value == but
            if isinstance(value, str) and "." not in key and not is_said:
                yield f"{beginning}.{name}.{key}", value


def edit_value(value: object) -> object:
    """Write a JSON value as a fault ``edit`` takes it: text where that cannot be misread."""
    if isinstance(value, str):
        return value if not _is_json(value) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return {str(key): edit_value(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [edit_value(inner) for inner in value]
    return json.dumps(value)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
