"""Bundles: what is in them, and every way in which what comes from others is refused."""

import hashlib
import json
import stat
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from simulator.capture.bundles import archive
from simulator.capture.bundles.archive import BundleError, json_of, packed
from simulator.capture.bundles.bundle import (
    CONTENTS,
    PROFILE,
    SCENARIO,
    bundled,
    chosen,
    read_bundle,
    take,
)
from simulator.harness.clients import client_kind
from simulator.harness.language.scenario_file import load_scenarios

TEXT = """\
scenario: A backup <case>
cases:
  - {case: is listed, count: 1}
  - {case: is not listed, count: 0}
steps:
  - create: {label: nightly}
  - list: {}
    expect: {count: <count>}
"""
JOURNAL = "journal/01-is-listed.jsonl"

Entries = dict[str, bytes]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a bundle of a scenario that passes in one case and fails in the other."""
    file = tmp_path_factory.mktemp("made") / "listed.scenario.yaml"
    file.write_text(TEXT, encoding="utf-8")
    return bundle_of(file)


def bundle_of(file: Path, *, case: str = "", client: str = "http", seed: str = "") -> bytes:
    """Run a scenario file, and bundle it."""
    kind = client_kind(client)
    return bundled(file, kind, [take(each, kind, seed) for each in chosen(file, case)])


@pytest.fixture
def entries(made: bytes) -> Entries:
    """Return what the bundle holds, to be changed."""
    with zipfile.ZipFile(BytesIO(made)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[[bytes], str]:
    """Return how to read bytes as a bundle; the answer is why they are refused."""

    def refusal(data: bytes) -> str:
        path = tmp_path / "bad.dcos-sim.zip"
        path.write_bytes(data)
        with pytest.raises(BundleError) as caught:
            read_bundle(path)
        return str(caught.value)

    return refusal


def zipped(
    entries: Mapping[str, bytes], *, mode: int = stat.S_IFREG, comment: bytes = b""
) -> bytes:
    """Write a zip file in which the last entry has this mode."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for index, (name, data) in enumerate(entries.items(), 1):
            info = zipfile.ZipInfo(name)
            info.external_attr = (mode if index == len(entries) else stat.S_IFREG) << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED)
        archive.comment = comment
    return buffer.getvalue()


def with_contents(entries: Entries, change: Callable[[Any], object]) -> bytes:
    """Change what a bundle says of itself."""
    value = json.loads(entries[CONTENTS])
    change(value)
    return zipped({**entries, CONTENTS: json.dumps(value).encode()})


# --- making --------------------------------------------------------------------------------------


def test_a_bundle_holds_the_file_and_what_came_of_each_scenario(
    made: bytes, entries: Entries, tmp_path: Path
) -> None:
    """One that fails as well: that is what bundles are for."""
    path = tmp_path / "good.zip"
    path.write_bytes(made)
    read = read_bundle(path)
    assert list(entries) == [CONTENTS, SCENARIO, JOURNAL, "journal/02-is-not-listed.jsonl"]
    assert read.scenario.decode() == TEXT
    assert read.profile is None
    assert read.contents.scenario == "listed.scenario.yaml"
    assert read.contents.client.model_dump() == {
        "name": "http",
        "given": "http",
        "kind": "built-in",
    }
    passed, failed = read.contents.scenarios
    assert (passed.case, passed.passed, passed.found) == ("is listed", True, [])
    assert (failed.case, failed.passed) == ("is not listed", False)
    assert str(failed.found[0]).startswith("line 8: expected 0 backups, found 1")
    assert json.loads(read.journals[0].splitlines()[0])["kind"] == "Exchange"
    assert passed.entries == len(read.journals[0].splitlines())
    assert {"python", "aiohttp", "dcos-backup-simulator"} <= set(read.contents.versions)


def test_the_same_scenario_gives_the_same_bytes(made: bytes, tmp_path: Path) -> None:
    """In any folder, at any time."""
    file = tmp_path / "listed.scenario.yaml"
    file.write_text(TEXT, encoding="utf-8")
    assert bundle_of(file) == made


def test_seeds_are_given_or_those_of_a_test(tmp_path: Path) -> None:
    """One that is given, else that of the file, else one from its name and the case's."""
    file = tmp_path / "listed.scenario.yaml"
    file.write_text(TEXT, encoding="utf-8")
    first, second = load_scenarios(file)
    kind = client_kind("http")
    by_name = hashlib.sha256(b"listed.scenario.yaml::is listed").hexdigest()[:12]
    assert take(first, kind, "").seed == by_name
    assert take(second, kind, "mine").seed == "mine"
    file.write_text(f"seed: own\n{TEXT}", encoding="utf-8")
    assert take(load_scenarios(file)[0], kind, "").seed == "own"


def test_one_case_can_be_bundled_alone(tmp_path: Path) -> None:
    """By its name; another name is told what there is."""
    file = tmp_path / "listed.scenario.yaml"
    file.write_text(TEXT, encoding="utf-8")
    path = tmp_path / "one.zip"
    path.write_bytes(bundle_of(file, case="is not listed"))
    assert [each.case for each in read_bundle(path).contents.scenarios] == ["is not listed"]
    with pytest.raises(BundleError, match="has no case 'lost'; it has is listed, is not listed"):
        chosen(file, "lost")


def test_what_the_client_cannot_run_is_not_bundled(tmp_path: Path) -> None:
    """Nothing but that is nothing to bundle."""
    file = tmp_path / "listed.scenario.yaml"
    file.write_text(TEXT, encoding="utf-8")
    profile = tmp_path / "narrow.client.yaml"
    profile.write_text("client: narrow\nkind: command\noperations: {list: [nothing]}\n")
    kind = client_kind(str(profile))
    taken = [take(each, kind, "") for each in load_scenarios(file)]
    assert [each.skipped for each in taken] == ["client narrow has no operation 'create'"] * 2
    with pytest.raises(BundleError, match="nothing to bundle: client narrow has no operation"):
        bundled(file, kind, taken)


def test_a_seed_that_no_bundle_can_hold_is_told(tmp_path: Path) -> None:
    """Before anything is written."""
    file = tmp_path / "listed.scenario.yaml"
    file.write_text(TEXT, encoding="utf-8")
    with pytest.raises(BundleError, match=r"cannot be bundled: seed: .* at most 1000 characters"):
        bundle_of(file, case="is listed", seed="x" * 1001)


def test_what_could_not_be_read_again_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each bound of the reader is one of the writer."""
    for name, value in (("ENTRIES_MAX", 1), ("ENTRY_MAX", 3), ("TOTAL_MAX", 7)):
        with monkeypatch.context() as patch:
            patch.setattr(archive, name, value)
            with pytest.raises(BundleError, match="too much for a bundle"):
                packed({"a": b"1234", "b": b"5678"})
    monkeypatch.setattr(archive, "ARCHIVE_MAX", 10)
    with pytest.raises(BundleError, match="when it is packed"):
        packed({"a": b"1"})


# --- archives of others --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("/etc/passwd", "leads out of the folder"),
        ("../outside.yaml", "leads out of the folder"),
        ("journal/../../outside.jsonl", "leads out of the folder"),
        ("..\\outside.yaml", "leads out of the folder"),
        ("C:\\outside.yaml", "leads out of the folder"),
        ("\\\\host\\share", "leads out of the folder"),
        ("journal/", "no bundle holds"),
        ("extra.txt", "no bundle holds"),
        ("journal/01-UPPER.jsonl", "no bundle holds"),
        ("journal/01-a/b.jsonl", "no bundle holds"),
        ("bundle.json\n", "no bundle holds"),
        ("x" * 5000, "no bundle holds"),
        ("journal/09-nobody.jsonl", "its bundle.json does not name"),
        ("client.client.yaml", "its bundle.json does not name"),
    ],
)
def test_no_name_leads_anywhere(
    entries: Entries, refusal: Callable[[bytes], str], name: str, why: str
) -> None:
    """Names that are not those of a bundle are refused, whatever they would do."""
    assert why in refusal(zipped({**entries, name: b""}))


def test_a_name_that_ends_early_is_refused(
    entries: Entries, refusal: Callable[[bytes], str]
) -> None:
    """What stands behind a NUL counts: other programs read it differently."""
    data = zipped({**entries, "bundle.jsonX.sh": b""})
    assert "no bundle holds" in refusal(data.replace(b"bundle.jsonX.sh", b"bundle.json\0.sh"))


@pytest.mark.parametrize(
    ("mode", "why"), [(stat.S_IFLNK, "is a link"), (stat.S_IFIFO, "is no file")]
)
def test_links_and_devices_are_refused(
    entries: Entries, refusal: Callable[[bytes], str], mode: int, why: str
) -> None:
    """Also under a name of a bundle."""
    assert why in refusal(zipped(entries, mode=mode))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused(
    made: bytes, refusal: Callable[[bytes], str]
) -> None:
    """One program would take the first, another the last."""
    buffer = BytesIO(made)
    with zipfile.ZipFile(buffer, "a") as appended:
        appended.writestr(SCENARIO, "scenario: another")
    assert "holds 'scenario.scenario.yaml' twice" in refusal(buffer.getvalue())


def test_what_is_no_zip_file_is_told(refusal: Callable[[bytes], str], tmp_path: Path) -> None:
    """And a folder, and nothing."""
    assert refusal(b"") == "is no zip file"
    assert refusal(b"scenario: text\n" * 9) == "is no zip file"
    for path, why in ((tmp_path, "is no file"), (tmp_path / "nothing", "is not there")):
        with pytest.raises(BundleError, match=why):
            read_bundle(path)


@pytest.mark.parametrize("left", [30, 200, 0.5, 0.99])
def test_a_truncated_archive_is_told(
    made: bytes, refusal: Callable[[bytes], str], left: float
) -> None:
    """Wherever it was cut."""
    size = int(left * len(made)) if left < 1 else int(left)
    assert "is cut off" in refusal(made[:size])


def test_every_changed_byte_is_noticed_or_harmless(made: bytes, tmp_path: Path) -> None:
    """A damaged archive is refused in one sentence, or holds what it held: nothing else."""
    path = tmp_path / "damaged.zip"
    path.write_bytes(made)
    good = read_bundle(path)
    for index in range(0, len(made), 7):
        path.write_bytes(made[:index] + bytes([made[index] ^ 0x55]) + made[index + 1 :])
        try:
            read = read_bundle(path)
        except BundleError as error:
            assert len(str(error).splitlines()) == 1  # noqa: PT017 - one that is not refused is fine
        else:
            assert read == good


def test_encrypted_entries_are_refused(made: bytes, refusal: Callable[[bytes], str]) -> None:
    """Nobody is asked for a password."""
    start = made.index(b"PK\1\2")
    flagged = bytearray(made)
    flagged[start + 8] |= 1
    assert "holds 'bundle.json', which is encrypted" in refusal(bytes(flagged))


def test_other_compressions_are_refused(entries: Entries, refusal: Callable[[bytes], str]) -> None:
    """Those of bundles are bounded as they are read; others need not be."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as other:
        for name, data in entries.items():
            other.writestr(name, data)
    assert "is compressed in a way that no bundle is" in refusal(buffer.getvalue())


def test_text_behind_the_end_is_refused(
    made: bytes, entries: Entries, refusal: Callable[[bytes], str]
) -> None:
    """A comment as well: whoever looks for the end of an archive would find another."""
    assert "has something behind its end" in refusal(zipped(entries, comment=b"hello"))
    assert "has something behind its end" in refusal(made + b"more")


def test_a_bomb_is_refused_by_what_comes_out_of_it(
    entries: Entries, refusal: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One entry, or many together; the archive itself; and their number."""
    monkeypatch.setattr(archive, "ENTRY_MAX", 2 * archive.MIB)
    bomb = zipped({**entries, JOURNAL: bytes(2 * archive.MIB + 1)})
    assert len(bomb) < archive.MIB / 100
    assert refusal(bomb) == f"holds {JOURNAL!r} with more than 2 MiB"
    monkeypatch.setattr(archive, "TOTAL_MAX", archive.MIB)
    half = bytes(archive.MIB * 2 // 3)
    many = {f"journal/{number:02}-is-listed.jsonl": half for number in (1, 2)}
    assert refusal(zipped({**entries, **many})) == "holds more than 1 MiB"
    monkeypatch.setattr(archive, "ENTRIES_MAX", 3)
    assert refusal(zipped(entries)) == "has more than 3 entries, which no bundle has"
    monkeypatch.setattr(archive, "ARCHIVE_MAX", 100)
    assert "is larger than" in refusal(zipped(entries))


def test_sizes_that_headers_name_are_not_believed(
    entries: Entries, refusal: Callable[[bytes], str]
) -> None:
    """An entry that claims to be short is damaged, not read to its real end."""
    data = bytearray(zipped({**entries, JOURNAL: bytes(100_000)}))
    central = data.rindex(JOURNAL.encode()) - 46
    assert data[central : central + 4] == b"PK\1\2"
    data[central + 24 : central + 28] = (10).to_bytes(4, "little")
    assert "is damaged: " in refusal(bytes(data))


# --- what a bundle says of itself ----------------------------------------------------------------


def test_a_journal_that_is_not_the_one_is_told(
    entries: Entries, refusal: Callable[[bytes], str]
) -> None:
    """Its hash says so."""
    entries[JOURNAL] += b"\n"
    assert refusal(zipped(entries)) == f"is damaged: {JOURNAL} has not the sha256 that it should"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda value: value.update(format=2), "is of format 2, and this version reads format 1"),
        (lambda value: value.pop("format"), "is of format None"),
        (lambda value: value.update(extra=1), "is wrong: extra: Extra inputs are not permitted"),
        (
            lambda value: value.update(scenarios=[]),
            "is wrong: scenarios: List should have at least",
        ),
        (lambda value: value.update(scenarios={}), "is wrong: scenarios: Input should be"),
        (lambda value: value.update(versions={"python": 3}), "is wrong: versions.python: Input"),
        (lambda value: value["client"].update(kind="other"), "is wrong: client.kind: Input"),
        (lambda value: value["scenarios"][0].update(passed="yes"), "is wrong: scenarios.0.passed"),
        (lambda value: value["scenarios"][0].update(seed=1), "is wrong: scenarios.0.seed: Input"),
        (lambda value: value["scenarios"][0].update(seed=""), "is wrong: scenarios.0.seed: Str"),
        (lambda value: value["scenarios"][0].update(sha256="x"), "is wrong: scenarios.0.sha256"),
        (lambda value: value["client"].update(name="\x1b[2J" * 9000), "is wrong: client.name"),
        (
            lambda value: value["scenarios"][0].update(journal="../../x"),
            "names a journal '../../x'",
        ),
        (
            lambda value: value["scenarios"][1].update(journal=JOURNAL),
            f"names a journal '{JOURNAL}'",
        ),
        (
            lambda value: value["scenarios"][0].update(journal="journal/01-nobody.jsonl"),
            "has no journal/01-nobody.jsonl, which its bundle.json names",
        ),
        (lambda value: value["client"].update(kind="profile"), f"has no {PROFILE}, which"),
    ],
)
def test_wrong_contents_are_told_in_one_sentence(
    entries: Entries, refusal: Callable[[bytes], str], change: Callable[[Any], object], why: str
) -> None:
    """Wrong types, other formats, names that do not fit."""
    said = refusal(with_contents(entries, change))
    assert why in said
    assert said.isprintable()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "cannot be read"),
        (b"\xff", "cannot be read"),
        (b"{'format': 1}", "cannot be read"),
        (b"[" * 100_000, "is nested more than 50 deep"),
        (b'{"a":' * 51, "is nested more than 50 deep"),
        (b"[1]", "is no mapping"),
        (b"1" * 5000, "cannot be read"),
        (b" " * (4 * archive.MIB + 1), "holds a bundle.json that is larger than any"),
    ],
)
def test_contents_that_are_no_json_are_told(
    entries: Entries, refusal: Callable[[bytes], str], text: bytes, why: str
) -> None:
    """Or that are JSON made to hurt."""
    assert why in refusal(zipped({**entries, CONTENTS: text}))


def test_brackets_in_texts_do_not_nest() -> None:
    """Nor do texts that never end, which take no long time either."""
    assert json_of(b'"' + b"[" * 100 + b'"') == "[" * 100
    assert json_of(rb'["\"[[[\\", {}]') == ['"[[[\\', {}]
    for text in (b'"' + rb"\"" * 100_000, b'"' + rb"\"" * 100_000 + b"\\"):
        with pytest.raises(ValueError, match="Unterminated string"):
            json_of(text)


@pytest.mark.parametrize("missing", [CONTENTS, SCENARIO])
def test_an_archive_of_something_else_is_no_bundle(
    entries: Entries, refusal: Callable[[bytes], str], missing: str
) -> None:
    """The first thing that it lacks is named."""
    del entries[missing]
    assert refusal(zipped(entries)) == f"is no bundle: it has no {missing}"
