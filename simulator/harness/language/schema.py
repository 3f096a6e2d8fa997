"""The JSON Schema of scenario files, made from the model that loads them."""

import json

from simulator.harness.language.file_model import ScenarioModel


def scenario_schema() -> dict[str, object]:
    """Return the schema. Scalars are text: editors may show numbers as wrong until quoted."""
    schema = ScenarioModel.model_json_schema(by_alias=True)
    properties = schema["properties"]
    properties["cases"] = {
        "description": "One scenario for each case; <key> in any text stands for its value.",
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "properties": {"case": {"type": "string", "description": "The name of the case."}},
            "required": ["case"],
        },
    }
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "DC/OS backup simulator: scenario file"
    return schema


def scenario_schema_text() -> str:
    """Return the schema as it is stored in ``docs/reference/``."""
    return json.dumps(scenario_schema(), indent=2, ensure_ascii=False) + "\n"
