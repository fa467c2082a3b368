"""The whole draft as clients put it.

What is wrong between its parts, such as a rule with an unknown segment, is found when it is published.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from app.admin.body import Body
from app.admin.difference import FIELDS
from app.admin.parts import (
    MOST,
    ExclusionGroup,
    Experiment,
    Holdout,
    Journey,
    Metric,
    Placement,
    Rule,
    Segment,
    Site,
)
from app.admin.strict_json import Location
from app.storage.documents import SINGLES


class ConfigDocument(Body):
    """The whole draft. What is left out keeps its default; an empty list is the same as none."""

    site: Site = Field(default_factory=Site)
    placements: list[Placement] = Field(default_factory=list, max_length=MOST["placements"])
    segments: list[Segment] = Field(default_factory=list, max_length=MOST["segments"])
    journeys: list[Journey] = Field(default_factory=list, max_length=MOST["journeys"])
    metrics: list[Metric] = Field(default_factory=list, max_length=MOST["metrics"])
    exclusion_groups: list[ExclusionGroup] = Field(default_factory=list, max_length=MOST["exclusion_groups"])
    experiments: list[Experiment] = Field(default_factory=list, max_length=MOST["experiments"])
    rules: list[Rule] = Field(default_factory=list, max_length=MOST["rules"])
    holdout: Holdout = Field(default_factory=Holdout)

    @classmethod
    def wrong_in(cls, given: object) -> Iterator[tuple[Location, str]]:
        """Find the keys that stand twice in a list."""
        if isinstance(given, dict):
            for field in FIELDS:
                if field not in SINGLES and isinstance(given.get(field), list):
                    yield from _doubled(field, given[field])


def _doubled(field: str, parts: list[Any]) -> Iterator[tuple[Location, str]]:
    keys = [part.get("key") if isinstance(part, dict) else None for part in parts]
    named = [key for key in keys if isinstance(key, str)]
    # Nearly always none is, and this is much faster than to look for the places.
    if len(set(named)) == len(named):
        return
    seen = set()
    for index, key in enumerate(keys):
        if isinstance(key, str):
            if key in seen:
                yield (field, index, "key"), f"there is another {key!r} in this list"
            seen.add(key)
