"""What is planned."""

from typing import Annotated

from pydantic import Field

from app.admin.body import Body
from app.admin.fields import Key


class PlanBody(Body):
    """An experiment that one means to run. What is not said is taken from what other experiments have had."""

    metric: Key
    placements: Annotated[list[Key], Field(min_length=1, max_length=200)]
    effect: Annotated[
        float,
        Field(
            gt=-1,
            lt=100,
            json_schema_extra={"not": {"const": 0}},
            description="Relative: 0.05 is five percent more.",
        ),
    ]
    arms: Annotated[int, Field(ge=2, le=100)] = 2
    traffic: Annotated[float, Field(ge=0.01, le=100)] = 100
    alpha: Annotated[float, Field(ge=1e-6, le=0.5)] = 0.05
    power: Annotated[float, Field(ge=0.5, le=0.9999)] = 0.8
    always_valid: bool = True
    mean: Annotated[
        float | None,
        Field(
            ge=-1e12,
            le=1e12,
            json_schema_extra={"not": {"const": 0}},
            description="The baseline's mean; a share of units between 0 and 1.",
        ),
    ] = None
    deviation: Annotated[
        float | None, Field(ge=1e-9, le=1e12, description="Of one unit; without it, of a share.")
    ] = None
    units_per_day: Annotated[float | None, Field(ge=0.001, le=1e12)] = None
