from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import jsonschema_rs
import pytest
import yaml

from simulator.catalogue import catalogue_folder
from simulator.harness.language.profile_file import load_profile
from simulator.harness.language.scenario_file import load_scenarios
from simulator.harness.language.step_model import OPERATIONS, VERBS
from simulator.harness.schemas import SCHEMAS, profile_schema, scenario_schema, schema_text

ROOT = Path(__file__).parents[2]

VALIDATOR = jsonschema_rs.Draft202012Validator(scenario_schema())

PROFILE_VALIDATOR = jsonschema_rs.Draft202012Validator(profile_schema())

PROFILES = sorted(ROOT.glob("examples/**/*.client.yaml"))

BUNDLED = sorted(catalogue_folder().rglob("*.scenario.yaml"))


def as_text(value: Any) -> Any:  # noqa: ANN401 - whatever the schema holds
    """Return a document as the loader reads it."""
    return yaml.load(dedent(value), Loader=yaml.BaseLoader)  # noqa: S506 - all is text


def as_an_editor(value: str) -> Any:  # noqa: ANN401 - whatever the schema holds
    """Return a document as editors read it, with numbers and booleans."""
    return yaml.safe_load(dedent(value))


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_stored_schema_is_the_present_one(name: str) -> None:
    """``dcos-sim schema NAME > docs/reference/NAME.schema.json`` writes it anew."""
    stored = ROOT / "docs" / "reference" / f"{name}.schema.json"
    assert stored.read_text(encoding="utf-8") == schema_text(name)


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.name)
def test_the_schema_accepts_every_bundled_scenario(path: Path) -> None:
    """As the loader reads it, with the values of each case filled in."""
    for scenario in load_scenarios(path):
        VALIDATOR.validate(scenario.source.value)


@pytest.mark.parametrize("read", [as_text, as_an_editor], ids=["text", "editor"])
def test_numbers_and_booleans_may_be_written_plainly(read: Callable[[str], Any]) -> None:
    """Editors see numbers and booleans where the loader sees text: both are accepted."""
    VALIDATOR.validate(
        read("""
            scenario: Plain
            tags: [smoke]
            cluster: {dcos_version: 1.13.0, marathon: {apps: 3}, backups: [{label: x, times: 2}]}
            time: {rate: 60}
            script:
              - {"on": create, times: 1, optional: true, then: [{status: STATUS_READY}]}
            steps:
              - {create: {label: nightly}, as: first, expect: {restores: {absent: true}}}
              - {list: {}, expect: {count: 1}}
            expect: {creates: 1, backups: {first: absent}}
        """)
    )
    VALIDATOR.validate(
        read("{scenario: Counts, cluster: {backups: 30}, steps: [{list: {}}], expect: {apps: 0}}")
    )


@pytest.mark.parametrize(
    "wrong",
    [
        "{scenario: x}",
        "{scenario: x, steps: [{list: {}}], program: {run: backup, label: x}}",
        "{scenario: x, program: {run: backups, label: x}}",
        "{scenario: x, steps: []}",
        "{scenario: x, steps: [{list: {}}], stepz: []}",
        "{scenario: x, steps: [{create: {}}]}",
        "{scenario: x, steps: [{create: {label: a}, delete: {backup: b}}]}",
        "{scenario: x, steps: [{list: {}, expect: maybe}]}",
        "{scenario: x, steps: [{list: {}}], tags: [two words]}",
        "{scenario: x, steps: [{list: {}}], time: {per_minute: 5s}}",
        "{scenario: x, steps: [{list: {}}], expect: {backups: {a: READY}}}",
        "{scenario: x, steps: [{list: {}}], cases: [{label: a}]}",
        "{scenario: x, steps: [{list: {}}], script: [{on: delete, then: [{status: x}]}]}",
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(wrong: str) -> None:
    """As far as a schema can."""
    assert not VALIDATOR.is_valid(as_text(wrong))


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.name)
def test_the_schema_accepts_every_example_of_a_profile(path: Path) -> None:
    source = load_profile(path).source
    assert source is not None
    PROFILE_VALIDATOR.validate(source.value)


@pytest.mark.parametrize(
    "wrong",
    [
        "{client: mine}",
        "{client: mine, kind: grpc}",
        "{client: mine, kind: python}",
        "{client: two words, kind: http}",
        "{client: mine, kind: http, factory: a:b}",
        "{client: mine, kind: command, operations: {creat: [x]}}",
        "{client: mine, kind: command, operations: {create: []}}",
        "{client: mine, kind: command, operations: {create: {run: x}}}",
        "{client: mine, kind: command, output: yaml}",
        "{client: mine, kind: jsonrpc}",
    ],
)
def test_the_schema_of_profiles_refuses_what_the_loader_refuses(wrong: str) -> None:
    """As far as a schema can."""
    assert not PROFILE_VALIDATOR.is_valid(as_text(wrong))


@pytest.mark.parametrize(
    ("name", "title", "expected"),
    [
        ("scenario", "DC/OS backup simulator: scenario file", set(VERBS)),
        ("client-profile", "DC/OS backup simulator: client profile", set(OPERATIONS)),
    ],
)
def test_every_object_is_closed_and_described(name: str, title: str, expected: set[str]) -> None:
    """Editors complete with the descriptions, and underline what is unknown."""
    schema = SCHEMAS[name]()
    assert schema["title"] == title
    objects = [each for each in schema["$defs"].values() if each.get("type") == "object"]
    assert all(each["additionalProperties"] is False for each in objects)
    assert all(each["description"] for each in objects)
    written = {name for each in objects for name in each["properties"]}
    assert expected <= written
    assert not [name for name in written if name.endswith("_")]
