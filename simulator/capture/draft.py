"""A scenario in the making: what a capture tells, as the parts of a scenario file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from simulator.capture.documents import backup_components, restore_components, timestamp_of
from simulator.capture.lives import Life, find_creates, find_ends, find_restores, lives_of
from simulator.capture.ordering import in_order, thinned
from simulator.capture.sightings import Capture, CaptureError, Document, Sighting, Turn
from simulator.capture.stages import ends_as, stages_of
from simulator.clock import END_OF_TIME
from simulator.core.instants import Instant, duration_text, elapsed, rfc3339
from simulator.core.scripts import MARATHON
from simulator.core.statuses import Status
from simulator.core.versions import checked_version

NAMED_MAX: Final = 12
"""Of more backups than these, only those that steps speak of have names."""

_DEFAULT_VERSION: Final = "1.13.0"


@dataclass(slots=True)
class Item:
    """One entry of a list in a scenario file, and the comment that stands above it."""

    value: dict[str, Any]
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What happens at one moment when the capture is played again.

    Attributes:
        at: when.
        seen: the answer that came; None where it was not captured.
        operation: what is asked for; ``cluster`` for what happens without a client.
        argument: label, id or prefix.
        action: what happens to the cluster.
        guess: why it is supposed to have happened; empty for what was captured.
        order: as a sighting has it.
        made: the id of the backup that a create makes; empty where it makes none.
    """

    at: Instant
    operation: str
    argument: str = ""
    seen: Sighting | None = None
    action: Mapping[str, Any] = field(default_factory=dict)
    guess: str = ""
    order: int = 0
    made: str = ""


@dataclass(slots=True)
class Draft:
    """A scenario file's parts, and the acts that it was made from."""

    title: str
    tags: list[str]
    start: Instant
    version: str
    acts: list[Act]
    lives: Mapping[str, Life]
    names: Mapping[str, str]
    apps: list[str] = field(default_factory=list)
    backups: list[Item] = field(default_factory=list)
    script: list[Item] = field(default_factory=list)
    faults: list[Item] = field(default_factory=list)
    steps: list[Item] = field(default_factory=list)
    expect: dict[str, Any] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)

    def since(self, at: Instant) -> str:
        """Return a time as the time that has passed since the start."""
        return duration_text(elapsed(self.start, max(at, self.start)))


def draft_of(capture: Capture) -> Draft:
    """Make a draft of a capture: what is there, how it goes, and the steps that show it.

    Raises:
        CaptureError: when it shows no backup and asks for none.
    """
    notes: list[str] = list(capture.notes)
    seen = thinned(in_order(capture, notes))
    lives = lives_of(seen, notes)
    if not lives and any(each.backups for each in seen):
        raise CaptureError(
            f"{seen[0].source}: holds objects with id and status, but no id of them is one of a "
            "backup (<label>-<uuid>)"
        )
    seen = find_creates(lives, seen)
    find_restores(lives, seen)
    find_ends(lives, seen)
    acts = sorted(_acts(seen, lives, capture), key=lambda act: (act.at, act.order))
    if not acts:
        raise CaptureError("the input shows no backup, and no request of a client")
    start = min(acts[0].at, capture.start or acts[0].at)
    draft = Draft(
        title="",
        tags=["captured"],
        start=start,
        version=_version(lives),
        acts=acts,
        lives=lives,
        names=_names(lives, seen),
        apps=_apps(acts),
        notes=notes,
    )
    _add_backups(draft)
    _add_scripts(draft, capture)
    _add_what_was_seen(draft, capture)
    _name(draft)
    return draft


# --- acts ----------------------------------------------------------------------------------------


def _acts(seen: Sequence[Sighting], lives: Mapping[str, Life], capture: Capture) -> Iterator[Act]:
    for each in seen:
        operation, argument = each.operation, each.argument
        made = ""
        if operation == "create":
            created = (life for life in lives.values() if life.created == each.at)
            made = next((life.backup_id for life in created if not life.is_guessed), "")
        yield Act(
            at=each.moment,
            operation=operation,
            argument=argument,
            seen=each,
            order=each.order,
            made=made,
        )
    for life in lives.values():
        if life.created is not None and life.is_guessed:
            guess = "its create is not in the capture"
            at, label, made = life.created, life.label, life.backup_id
            yield Act(at=at, operation="create", argument=label, guess=guess, made=made)
        for restore in life.restores:
            if restore.is_guessed:
                guess = "the request for this restore is not in the capture"
                at = restore.begun
                yield Act(at=at, operation="restore", argument=life.backup_id, guess=guess)
        if life.lost is not None:
            guess = "it is gone, and nobody is seen deleting it"
            lose = {"lose": life.backup_id}
            yield Act(at=life.lost, operation="cluster", action=lose, guess=guess)
    for happening in capture.happenings:
        before = [each.at for each in seen if each.at and each.order < happening.order]
        at = max([happening.at, *before])
        action, order = happening.action, happening.order
        yield Act(at=at, operation="cluster", action=action, order=order)


def _names(lives: Mapping[str, Life], seen: Sequence[Sighting]) -> dict[str, str]:
    """Name backups by their labels; of many, those alone that are spoken of."""
    spoken_of = {each.argument for each in seen}
    taken: dict[str, int] = {}
    names = {}
    for backup_id, life in lives.items():
        changes = life.created is not None or life.restores or life.lost is not None
        if len(lives) <= NAMED_MAX or backup_id in spoken_of or changes:
            number = taken[life.label] = taken.get(life.label, 0) + 1
            names[backup_id] = life.label if number == 1 else f"{life.label} {number}"
    return names


def _version(lives: Mapping[str, Life]) -> str:
    """Return the version that the newest backup was made by."""
    newest = sorted(lives.values(), key=lambda life: timestamp_of(life.first) or 0, reverse=True)
    for life in newest:
        version = _checked(life.first.get("dcos_version"))
        if version:
            return version
    return _DEFAULT_VERSION


def _checked(version: object) -> str:
    try:
        return checked_version(version) if isinstance(version, str) else ""
    except ValueError:
        return ""


# --- what is there -------------------------------------------------------------------------------


def _add_backups(draft: Draft) -> None:
    there = [life for life in draft.lives.values() if life.created is None]
    for life in sorted(there, key=lambda life: timestamp_of(life.first) or 0):
        draft.backups.append(Item(_existing(draft, life)))


def _apps(acts: Sequence[Act]) -> list[str]:
    """Return the apps that must have been there from the start: removed, and never deployed."""
    apps: list[str] = []
    deployed: set[str] = set()
    for act in acts:
        if "deploy" in act.action:
            deployed.add(act.action["deploy"])
        app = act.action.get("remove")
        if app is not None and app not in deployed and app not in apps:
            apps.append(app)
    return apps


def _existing(draft: Draft, life: Life) -> dict[str, Any]:
    document = life.first
    entry: dict[str, Any] = {"label": life.label, "uuid": life.uuid}
    if life.backup_id in draft.names:
        entry["as"] = draft.names[life.backup_id]
    stamp = timestamp_of(document)
    if stamp is not None and stamp <= draft.start:
        entry["timestamp"] = rfc3339(stamp)
    version = _checked(document.get("dcos_version"))
    if version and version != draft.version:
        entry["dcos_version"] = version
    status = document.get("status")
    if status in {Status.ERROR, Status.BACKING_UP}:
        entry["status"] = status
    error = backup_components(document).get(MARATHON, {}).get("error")
    if status == Status.ERROR and isinstance(error, str):
        entry["error"] = error
    if "status" not in entry and (restored := _restored(life, document)):
        entry["restored"] = restored
    return entry


def _restored(life: Life, document: Document) -> str | dict[str, Any] | None:
    """Return how a restore before the first sighting has ended."""
    before = [restore for restore in life.restores if restore.begun <= life.seen[0][0]]
    component = restore_components(document).get(MARATHON)
    if component is None or before:
        return None
    status, error = component.get("status"), component.get("error")
    if status not in {Status.READY, Status.ERROR, Status.RESTORING}:
        return None
    if status == Status.ERROR and isinstance(error, str):
        return {"status": status, "error": error}
    return str(status)


# --- how it goes ---------------------------------------------------------------------------------


def _add_scripts(draft: Draft, capture: Capture) -> None:
    """Script every backup and restore that began within the capture, in their order."""
    operations: list[tuple[Instant, Life, int]] = []
    for life in draft.lives.values():
        if life.created is not None:
            operations.append((life.created, life, 0))
        for number, restore in enumerate(life.restores, 1):
            operations.append((restore.begun, life, number))
    creates = restores = 0
    operations.sort(key=lambda each: each[0])
    for index, (_, life, number) in enumerate(operations):
        later = operations[index + 1][0] if index + 1 < len(operations) else None
        over_by = _earliest(later, _deployed_after(draft, operations[index][0]), life.deleted)
        if number:
            restores += 1
            _script_restore(draft, capture, life, number, over_by)
        else:
            creates += 1
            _script_create(draft, capture, life, over_by)
    if creates:
        draft.expect["creates"] = str(creates)
    if restores:
        draft.expect["restores"] = str(restores)


def _earliest(*times: Instant | None) -> Instant | None:
    return min((time for time in times if time is not None), default=None)


def _deployed_after(draft: Draft, begun: Instant) -> Instant | None:
    """Return when Marathon was there again: it took an app, or gave one up."""
    for act in draft.acts:
        if act.at > begun and {"deploy", "remove"} & set(act.action):
            return act.at
    return None


def _script_create(draft: Draft, capture: Capture, life: Life, over_by: Instant | None) -> None:
    assert life.created is not None, "it was made within the capture"
    shown = [(at, backup_components(document)) for at, document in life.seen]
    turns = [
        turn for turn in capture.turns if turn.backup_id == life.backup_id and not turn.restore
    ]
    stages, guesses = stages_of(Status.BACKING_UP, life.created, shown, turns, over_by)
    rule = {
        "on": "create",
        "when": {"label": life.label},
        "times": "1",
        "uuid": life.uuid,
        "then": stages,
    }
    _add_script(draft, rule, f"backup {draft.names[life.backup_id]}", guesses)
    status = ends_as(stages, Status.BACKING_UP).value
    if life.deleted is not None or life.lost is not None:
        status = "absent"
    draft.expect.setdefault("backups", {})[draft.names[life.backup_id]] = status


def _script_restore(
    draft: Draft, capture: Capture, life: Life, number: int, over_by: Instant | None
) -> None:
    begun, shown = life.restores[number - 1].begun, life.restores[number - 1].shown
    turns = _turns_of_restore(draft, capture, life, number)
    stages, guesses = stages_of(Status.RESTORING, begun, shown, turns, over_by)
    rule = {"on": "restore", "when": {"label": life.label}, "times": "1", "then": stages}
    _add_script(draft, rule, f"restore of {draft.names[life.backup_id]}", guesses)


def _turns_of_restore(draft: Draft, capture: Capture, life: Life, number: int) -> list[Turn]:
    """Return the exact changes of a restore; by time, where one before it was forgotten."""
    own = [turn for turn in capture.turns if turn.backup_id == life.backup_id and turn.restore]
    before = 1 if "restored" in _existing(draft, life) and life.created is None else 0
    if len({turn.restore for turn in own}) >= len(life.restores):
        return [turn for turn in own if turn.restore == number + before]
    begun = life.restores[number - 1].begun
    later = life.restores[number].begun if number < len(life.restores) else END_OF_TIME
    return [turn for turn in own if begun <= turn.at < later]


def _add_script(draft: Draft, rule: dict[str, Any], what: str, guesses: Sequence[str]) -> None:
    draft.script.append(Item(rule, "; ".join(f"guessed: {guess}" for guess in guesses)))
    draft.guessed += [f"{what}: {guess}" for guess in guesses]


# --- what it is called ---------------------------------------------------------------------------


def _add_what_was_seen(draft: Draft, capture: Capture) -> None:
    draft.seen += [f"read {line}" for line in capture.inputs]
    for act in draft.acts:
        if act.guess:
            named = draft.names.get(act.argument or act.action.get("lose", ""), act.argument)
            what = named if act.operation == "cluster" else f"{act.operation} {named}"
            draft.guessed.append(f"{what} at +{draft.since(act.at)}: {act.guess}")


def _name(draft: Draft) -> None:
    """Call the scenario by what is worst in it."""
    said = []
    for life in draft.lives.values():
        last = life.seen[-1][1]
        restore = [each.get("status") for each in restore_components(last).values()]
        if Status.ERROR in restore:
            said.append(f"a restore of {life.label} ends in STATUS_ERROR")
        if last.get("status") == Status.ERROR:
            said.append(f"backup {life.label} is in STATUS_ERROR")
        elif last.get("status") == Status.BACKING_UP:
            said.append(f"backup {life.label} never ends")
    is_in_error = any("STATUS_ERROR" in each for each in said)
    if is_in_error:
        draft.tags.append("status-error")
    failed = sum(not act.seen.is_good for act in draft.acts if act.seen is not None)
    if not said and failed:
        said = [f"{failed} answers that fail" if failed > 1 else "an answer that fails"]
    rest = f", and {len(said) - 1} more" if len(said) > 1 else ""
    draft.title = f"Captured: {said[0]}{rest}" if said else f"Captured: {_counted(draft)}"


def _counted(draft: Draft) -> str:
    count = len(draft.lives)
    return "one backup" if count == 1 else f"{count} backups"
