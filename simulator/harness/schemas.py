"""The JSON Schemas of scenario files, client profiles and reports, made from their models."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter

from simulator.harness.language.file_model import ScenarioModel
from simulator.harness.language.profile_model import ProfileModel
from simulator.harness.report import RunReport

Schema = dict[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def scenario_schema() -> Schema:
    """Return the schema. Scalars are text: editors may show numbers as wrong until quoted."""
    schema = ScenarioModel.model_json_schema(by_alias=True)
    schema["properties"]["cases"] = {
        "description": "One scenario for each case; <key> in any text stands for its value.",
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": {"case": {"type": "string", "description": "The name of the case."}},
            "required": ["case"],
        },
    }
    return _titled(schema, "scenario file")


def profile_schema() -> Schema:
    """Return the schema of client profiles: one shape for each kind."""
    return _titled(TypeAdapter(ProfileModel).json_schema(by_alias=True), "client profile")


def report_schema() -> Schema:
    """Return the schema of JSON reports."""
    return _titled(TypeAdapter(RunReport).json_schema(), "report")


SCHEMAS: Final[Mapping[str, Callable[[], Schema]]] = {
    "scenario": scenario_schema,
    "client-profile": profile_schema,
    "report": report_schema,
}
"""What makes the schema of each kind of file; stored as ``docs/reference/NAME.schema.json``."""


def schema_text(name: str) -> str:
    """Return a schema as it is stored in ``docs/reference/``."""
    return json.dumps(SCHEMAS[name](), indent=2, ensure_ascii=False) + "\n"


def _titled(schema: Schema, what: str) -> Schema:
    return {**schema, "$schema": _DIALECT, "title": f"DC/OS backup simulator: {what}"}
