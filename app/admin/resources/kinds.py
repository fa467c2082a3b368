"""The table of kinds: all that is not the same for each of them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

from app.admin import parts
from app.admin.body import Body, Part
from app.admin.resources import examples
from app.admin.resources.patches import merge_patch
from app.admin.resources.schemas import named_by_path, whole
from app.engine.model import Status


@dataclass(frozen=True, eq=False)
class Kind:
    """One kind of resource. `name` is how a document calls the list of them, and so does their address.

    `noun` says it with its article. A kind `is_single` if there is just one, and `is_inside` where each
    stands in a placement. `statuses` and `sorts` are what a list can be filtered and sorted by.
    """

    name: str
    noun: str
    part: type[Part]
    example: dict[str, Any]
    patch: dict[str, Any]
    statuses: tuple[str, ...] = ()
    sorts: tuple[str, ...] = ("position", "key", "updated_at")
    is_single: bool = False
    is_inside: bool = False

    @property
    def path(self) -> str:
        """The path of the list, or of the only one."""
        return f"/placements/{{placement}}/{self.name}" if self.is_inside else f"/{self.name}"

    @cached_property
    def new(self) -> type[Body]:
        """The body that one is made with, to whose bounds each is held whenever it changes."""
        return whole(self.part)

    @cached_property
    def put(self) -> type[Body]:
        """The body that one is put with, under a path that names it."""
        return named_by_path(self.part)

    @cached_property
    def changes(self) -> type[Body]:
        """The body that one is patched with."""
        return merge_patch(self.part)


PLACEMENTS = Kind(
    "placements", "a placement", parts.Placement, examples.PLACEMENT, {"default": "spring-sale"}
)
VARIANTS = Kind(
    "variants",
    "a variant",
    parts.Variant,
    examples.VARIANT,
    {"content": {"title": "Last days of the sale"}, "locales": None},
    sorts=("position", "key"),
    is_inside=True,
)
SEGMENTS = Kind(
    "segments",
    "a segment",
    parts.Segment,
    examples.SEGMENT,
    {"condition": {"events.page_viewed.count": {"$gte": 5}}},
)
JOURNEYS = Kind("journeys", "a journey", parts.Journey, examples.JOURNEY, {"primary": None})
METRICS = Kind("metrics", "a metric", parts.Metric, examples.METRIC, {"window_days": 28})
EXCLUSION_GROUPS = Kind(
    "exclusion_groups",
    "an exclusion group",
    parts.ExclusionGroup,
    examples.EXCLUSION_GROUP,
    {"salt": "hero-2027"},
)
EXPERIMENTS = Kind(
    "experiments",
    "an experiment",
    parts.Experiment,
    examples.EXPERIMENT,
    {"status": "stopped", "rollout": "treatment"},
    statuses=get_args(Status),
)
RULES = Kind(
    "rules",
    "a rule",
    parts.Rule,
    examples.RULE,
    {"enabled": False, "audience": {"segments": None}},
    statuses=("enabled", "disabled"),
    sorts=("position", "key", "updated_at", "priority"),
)
SITE = Kind("site", "the site", parts.Site, examples.SITE, {"timezone": "Europe/Paris"}, is_single=True)
HOLDOUT = Kind("holdout", "the holdout", parts.Holdout, examples.HOLDOUT, {"percent": 10}, is_single=True)

LISTED = (PLACEMENTS, VARIANTS, SEGMENTS, JOURNEYS, METRICS, EXCLUSION_GROUPS, EXPERIMENTS, RULES)
SINGLE = (SITE, HOLDOUT)
