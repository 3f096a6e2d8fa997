"""What a scenario file may say: the model that loads it and that its JSON Schema is made from.

All scalars arrive as text. Names of fields are those of the file; a trailing underscore stands
where Python reserves the word.
"""

from typing import Annotated

from pydantic import Field

from simulator.harness.language.cluster_model import ClusterModel, ScriptModel, TimeModel
from simulator.harness.language.scalars import Strict, TagText, Title
from simulator.harness.language.step_model import EndExpect, StepModel


class ScenarioModel(Strict):
    """A scenario file, its cases filled in."""

    scenario: Title
    tags: list[TagText] = Field([])
    cluster: ClusterModel = ClusterModel()
    time: TimeModel = "manual"
    script: list[ScriptModel] = Field([])
    steps: Annotated[list[StepModel], Field(min_length=1)]
    expect: EndExpect = EndExpect()
