"""Replays: identical, or the first difference; and nothing runs that a bundle names by itself."""

import hashlib
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from simulator.capture.bundles.archive import BundleError, packed
from simulator.capture.bundles.bundle import (
    CONTENTS,
    PROFILE,
    SCENARIO,
    Bundle,
    bundled,
    chosen,
    read_bundle,
    take,
)
from simulator.capture.bundles.replay import Replayed, replayed, version_lines
from simulator.harness.clients import client_kind

TEXT = """\
scenario: A backup becomes ready
script:
  - on: create
    then:
      - {status: STATUS_BACKING_UP, for: 30s}
      - {status: STATUS_READY}
steps:
  - create: {label: nightly}
    as: nightly
  - wait: {backup: nightly, for: STATUS_READY}
expect: {creates: 1}
"""
JOURNAL = "journal/01-ready.jsonl"
PROGRAM = """\
import json, os, pathlib, sys, urllib.request
pathlib.Path("ran").touch()
url = os.environ["DCOS_URL"] + "/system/v1/backup/v1/list"
headers = {"Authorization": "token=" + os.environ["DCOS_TOKEN"], "X-Key": os.environ["API_KEY"]}
print(urllib.request.urlopen(urllib.request.Request(url, headers=headers)).read().decode())
"""
PROFILE_TEXT = f"""\
client: lister
kind: command
env: {{DCOS_URL: "{{url}}", DCOS_TOKEN: "{{token}}", API_KEY: hunter22}}
operations: {{list: [{sys.executable}, list.py]}}
"""
LISTS = "scenario: It lists\nsteps:\n  - list: {}\n"

Entries = dict[str, bytes]
Change = Callable[[Entries], object]


@pytest.fixture
def bundle(tmp_path: Path) -> Callable[..., Bundle]:
    """Return how to bundle a scenario and read that, changed on the way where wanted."""

    def bundle(text: str = TEXT, client: str = "http", change: Change | None = None) -> Bundle:
        file = tmp_path / "ready.scenario.yaml"
        file.write_text(text, encoding="utf-8")
        kind = client_kind(client)
        data = bundled(file, kind, [take(each, kind, "a seed") for each in chosen(file)])
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
        if change:
            change(entries)
        path = tmp_path / "ready.dcos-sim.zip"
        path.write_bytes(packed(entries))
        return read_bundle(path)

    return bundle


@pytest.fixture
def lister(tmp_path: Path) -> Path:
    """Return the profile of a client that is a program, with a secret, in a folder of its own."""
    folder = tmp_path / "client"
    folder.mkdir()
    (folder / "list.py").write_text(PROGRAM, encoding="utf-8")
    path = folder / "lister.client.yaml"
    path.write_text(PROFILE_TEXT, encoding="utf-8")
    return path


def replacing(old: str, new: str) -> Change:
    """Change the scenario file in a bundle."""

    def change(entries: Entries) -> None:
        assert old.encode() in entries[SCENARIO]
        entries[SCENARIO] = entries[SCENARIO].replace(old.encode(), new.encode())

    return change


def saying(change: Callable[[Any], object]) -> Change:
    """Change what a bundle says of itself."""

    def changed(entries: Entries) -> None:
        value = json.loads(entries[CONTENTS])
        change(value)
        entries[CONTENTS] = json.dumps(value).encode()

    return changed


def with_journal(change: Callable[[list[str]], object]) -> Change:
    """Change the lines of the first journal in a bundle, and its hash."""

    def changed(entries: Entries) -> None:
        name = next(name for name in entries if name.startswith("journal/"))
        lines = entries[name].decode().splitlines()
        change(lines)
        entries[name] = "".join(f"{line}\n" for line in lines).encode()
        digest = hashlib.sha256(entries[name]).hexdigest()
        saying(lambda value: value["scenarios"][0].update(sha256=digest))(entries)

    return changed


def lines(found: Iterator[Replayed]) -> list[str]:
    """Return what is told of the only scenario."""
    (only,) = found
    return [line.strip() for line in only.lines()]


# --- the same or not -----------------------------------------------------------------------------


def test_a_replay_is_identical(bundle: Callable[..., Bundle]) -> None:
    """With the number of entries and the beginning of the hash."""
    made = bundle()
    (only,) = replayed(made)
    assert only.is_identical
    count, digest = made.contents.scenarios[0].entries, made.contents.scenarios[0].sha256[:12]
    assert list(only.lines()) == [
        "identical  A backup becomes ready",
        f"           {count} entries, sha256 {digest}…",
        "           verdict: passed, as before",
    ]


def test_a_changed_scenario_shows_its_first_difference(bundle: Callable[..., Bundle]) -> None:
    """By which one sees what was changed."""
    changed = replacing("{status: STATUS_READY}", "{status: STATUS_ERROR, error: full}")
    (only,) = replayed(bundle(change=changed))
    assert not only.is_identical
    said = [line.strip() for line in only.lines()]
    assert said[0] == "different  A backup becomes ready"
    assert said[1].startswith("first difference: entry ")
    assert "status  was  STATUS_READY" in said
    assert "now  STATUS_ERROR" in said
    assert "verdict: was passed, is failed now" in said
    assert any(line.startswith("now line 10: ") for line in said)


def test_a_journal_that_ended_earlier_is_told(bundle: Callable[..., Bundle]) -> None:
    """What is there now that was not."""
    said = lines(replayed(bundle(change=with_journal(lambda journal: journal.pop()))))
    assert any(line.startswith("was  nothing: the journal ends after ") for line in said)


def test_an_empty_journal_can_be_replayed(bundle: Callable[..., Bundle]) -> None:
    """Of a scenario in which nothing is asked."""
    made = bundle("scenario: Time passes\nsteps:\n  - advance: 1s\n")
    (only,) = replayed(made)
    assert made.contents.scenarios[0].entries == 0
    assert only.is_identical


def test_another_user_agent_is_told_as_such(bundle: Callable[..., Bundle]) -> None:
    """As another version of a client's library has it."""

    def older(journal: list[str]) -> None:
        journal[:] = [line.replace("aiohttp/", "aiohttp/1.") for line in journal]

    said = lines(replayed(bundle(change=with_journal(older))))
    assert "only request headers differ: User-Agent" in said
    assert said[-1] == "verdict: passed, as before"


def test_another_verdict_over_the_same_journal_is_a_difference(
    bundle: Callable[..., Bundle],
) -> None:
    """As where checks have changed: it was found for another reason, or not at all."""
    fails = TEXT.replace("creates: 1", "creates: 2")
    (same,) = replayed(bundle(fails))
    assert same.is_identical
    assert [line.strip() for line in same.lines()][-1] == "verdict: failed, as before"
    other = saying(lambda value: value["scenarios"][0]["found"][0].update(code="ID01"))
    (differs,) = replayed(bundle(fails, change=other))
    assert differs.differs is None
    assert not differs.is_identical
    said = [line.strip() for line in differs.lines()]
    assert "verdict: failed, differently" in said
    assert any(line.startswith("was line 11: ID01: expected ") for line in said)


def test_time_that_is_moved_by_real_time_is_told(bundle: Callable[..., Bundle]) -> None:
    """It may be the only cause."""
    text = TEXT.replace("steps:", "time: {rate: 100}\nsteps:").replace("30s", "0s")
    made = bundle(text, change=with_journal(lambda journal: journal.pop()))
    assert any("real time has a part" in line for line in lines(replayed(made)))
    other = bundle(change=with_journal(lambda journal: journal.pop()))
    assert not any("real time" in line for line in lines(replayed(other)))


def test_cases_are_replayed_in_the_order_of_the_bundle(bundle: Callable[..., Bundle]) -> None:
    """Each with its own seed and journal."""
    cases = "cases:\n  - {case: one, count: 1}\n  - {case: two, count: 2}\n"
    made = bundle(
        TEXT.replace("script:", f"{cases}script:").replace("creates: 1", "creates: <count>")
    )
    found = list(replayed(made))
    assert [each.told.case for each in found] == ["one", "two"]
    assert [each.recorded.passed for each in found] == [True, False]
    assert all(each.is_identical for each in found)


def test_versions_that_differ_are_told(bundle: Callable[..., Bundle]) -> None:
    """Those that are missing here or there as well."""
    assert list(version_lines(bundle())) == []

    def older(value: Any) -> None:  # noqa: ANN401 - JSON
        value["versions"]["aiohttp"] = "3.0"
        value["versions"]["gone"] = "1\x07"
        del value["versions"]["pytest"]

    first, second, third = version_lines(bundle(change=saying(older)))
    assert first.startswith("aiohttp was 3.0, is ")
    assert second == "gone was 1\\x07, is missing now"
    assert third.startswith("pytest was missing, is ")


# --- clients -------------------------------------------------------------------------------------


def test_a_bundled_profile_runs_nothing_without_trust(
    bundle: Callable[..., Bundle], lister: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With it, its programs are those of the current folder, and its secrets are stand-ins."""
    made = bundle(LISTS, str(lister))
    assert b"hunter22" not in b"".join((made.profile or b"", *made.journals))
    assert b"redacted" in made.journals[0]
    monkeypatch.chdir(lister.parent)
    Path("ran").unlink()
    with pytest.raises(BundleError, match=r"client lister, and would run programs .*--trust"):
        next(replayed(made))
    assert not Path("ran").exists()
    assert all(each.is_identical for each in replayed(made, trust=True))
    assert Path("ran").exists()


def test_a_client_of_the_user_needs_no_trust(bundle: Callable[..., Bundle], lister: Path) -> None:
    """Its own secrets count as those of the bundle did."""
    made = bundle(LISTS, str(lister))
    assert all(each.is_identical for each in replayed(made, client=str(lister)))
    assert not any(each.is_identical for each in replayed(made, client="http"))


def test_a_client_in_python_is_not_imported_without_trust(
    bundle: Callable[..., Bundle], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Importing is running."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    module = tmp_path / "client_of_a_bundle.py"
    module.write_text(
        "from pathlib import Path\nPath('ran').touch()\n"
        "class Client:\n    def list(self, prefix):\n        return []\n"
        "def make(target):\n    return Client()\n"
    )
    made = bundle("scenario: Odd\nsteps:\n  - advance: 1s\n", "python:client_of_a_bundle:make")
    (tmp_path / "ran").unlink()
    sys.modules.pop("client_of_a_bundle")
    with pytest.raises(BundleError, match=r"would run code of its choice here: .*--trust"):
        next(replayed(made))
    assert not (tmp_path / "ran").exists()
    assert all(each.is_identical for each in replayed(made, trust=True))
    assert (tmp_path / "ran").exists()
    sys.modules.pop("client_of_a_bundle")


def test_the_built_in_client_is_the_one_of_this_package(bundle: Callable[..., Bundle]) -> None:
    """Whatever the bundle says of it."""
    evil = saying(lambda value: value["client"].update(given="python:antigravity:x", name="evil"))
    assert all(each.is_identical for each in replayed(bundle(change=evil)))
    in_python = saying(lambda value: value["client"].update(kind="python", given="/etc/x.yaml"))
    with pytest.raises(BundleError, match=r"names a client '/etc/x.yaml' that is none in Python"):
        next(replayed(bundle(change=in_python), trust=True))


def test_a_client_that_is_not_here_is_told(
    bundle: Callable[..., Bundle], lister: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one sentence that says what to do."""
    made = bundle(LISTS, str(lister))
    monkeypatch.chdir(tmp_path)
    gone = replace_profile(made, f"[{sys.executable}, list.py]", "[./gone]")
    with pytest.raises(BundleError, match=r"cannot start './gone': .* name one with --client"):
        next(replayed(gone, trust=True))
    with pytest.raises(BundleError, match="cannot be run: no client is called 'nobody'"):
        next(replayed(made, client="nobody"))
    wrong = tmp_path / "wrong.client.yaml"
    wrong.write_text("client: wrong\n")
    with pytest.raises(BundleError, match="the client profile is wrong\n"):
        next(replayed(made, client=str(wrong)))
    with pytest.raises(BundleError, match="holds a client profile that is wrong\n"):
        next(replayed(replace_profile(made, "kind: command", "kind: odd"), trust=True))


def replace_profile(bundle: Bundle, old: str, new: str) -> Bundle:
    """Return a bundle with another profile."""
    assert bundle.profile is not None
    text = bundle.profile.decode().replace(f"- {sys.executable}\n  - list.py", "- ./gone")
    if old in text:
        text = text.replace(old, new)
    return Bundle(
        contents=bundle.contents,
        scenario=bundle.scenario,
        profile=text.encode(),
        journals=bundle.journals,
    )


def test_a_client_that_lacks_something_is_told_before_anything_runs(
    bundle: Callable[..., Bundle], lister: Path
) -> None:
    """Nothing would be compared."""
    with pytest.raises(BundleError, match="cannot be run here: client lister has no operation"):
        next(replayed(bundle(), client=str(lister)))
    assert not (lister.parent / "ran").exists()


# --- bundles that do not fit ---------------------------------------------------------------------


def test_a_scenario_that_is_wrong_here_is_told(bundle: Callable[..., Bundle]) -> None:
    """With the place, as for any scenario file."""
    with pytest.raises(BundleError, match=r"wrong here\nscenario\.scenario\.yaml:8:5: "):
        next(replayed(bundle(change=replacing("create:", "crate:"))))
    with pytest.raises(BundleError, match=r"wrong here\n") as caught:
        next(replayed(bundle(change=replacing("create:", "\x1b[2J:"))))
    assert "\x1b" not in str(caught.value)
    lost = saying(lambda value: value["scenarios"][0].update(case="lost"))
    with pytest.raises(BundleError, match="names a case 'lost' that its scenario has not"):
        next(replayed(bundle(change=lost)))


@pytest.mark.parametrize("line", ["{", "[]", "[" * 1000])
def test_a_journal_that_is_none_is_told(bundle: Callable[..., Bundle], line: str) -> None:
    """Although its hash is right."""

    def broken(journal: list[str]) -> None:
        journal[0] = line

    with pytest.raises(BundleError, match=f"holds a {JOURNAL} that is no journal: "):
        next(replayed(bundle(change=with_journal(broken))))


# --- what is kept --------------------------------------------------------------------------------


def test_everything_can_be_kept(bundle: Callable[..., Bundle], lister: Path) -> None:
    """What was in the bundle, and the journals of now beside."""
    keep = lister.parent / "kept" / "here"
    made = bundle(LISTS, str(lister))
    assert all(each.is_identical for each in replayed(made, client=str(lister), keep=keep))
    kept = {str(path.relative_to(keep)): path.read_bytes() for path in keep.rglob("*.*")}
    assert set(kept) == {CONTENTS, SCENARIO, PROFILE, JOURNAL, "replayed/01-ready.jsonl"}
    assert kept[JOURNAL] == kept["replayed/01-ready.jsonl"] == made.journals[0]
    assert kept[SCENARIO] == made.scenario


def test_nothing_is_overwritten(bundle: Callable[..., Bundle], tmp_path: Path) -> None:
    """Whatever is in the folder."""
    made = bundle()
    with pytest.raises(BundleError, match="which is not empty"):
        next(replayed(made, keep=tmp_path))
    with pytest.raises(BundleError, match=r"cannot be kept in .*ready\.scenario.yaml: File exists"):
        next(replayed(made, keep=tmp_path / "ready.scenario.yaml"))
