"""What a scenario file may say: the model that loads it and that its JSON Schema is made from.

All scalars arrive as text. Names of fields are those of the file; a trailing underscore stands
where Python reserves the word.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from simulator.fault_model import FaultModel
from simulator.harness.language.cluster_model import ClusterModel, ScriptModel
from simulator.harness.language.program_model import ProgramRunModel
from simulator.harness.language.step_model import EndExpect, StepModel
from simulator.harness.language.time_model import TimeModel
from simulator.scalars import Filled, Strict, TagText, Title


class CauseModel(Strict):
    """A way in which it comes to this on a real cluster, for whoever looks for the symptom."""

    sees: Filled
    why: Filled
    evidence: Literal["documented", "source", "inferred"]
    source: Filled
    client: Filled


class ScenarioModel(Strict):
    """A scenario file, its cases filled in: steps to take, or a program to run."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["steps"]}, {"required": ["program"]}]}
    )

    scenario: Title
    tags: list[TagText] = Field([])
    cause: CauseModel | None = None
    seed: Filled | None = None
    cluster: ClusterModel = ClusterModel()
    time: TimeModel | None = None
    script: list[ScriptModel] = Field([])
    faults: list[FaultModel] = Field([])
    steps: Annotated[list[StepModel], Field(min_length=1)] = Field([])
    program: ProgramRunModel | None = None
    expect: EndExpect = EndExpect()
    allow: dict[str, Filled] = Field({})

    @model_validator(mode="after")
    def _steps_or_program(self) -> "ScenarioModel":
        if bool(self.steps) == bool(self.program):
            raise ValueError("needs steps to take or a program to run, and not both")
        return self
