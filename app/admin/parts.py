"""The parts of a draft as clients put them: the engine's document, held to its types and bounds.

What is wrong between the parts, such as a rule with an unknown segment, is found when it is published.
"""

from typing import Annotated, Literal

from pydantic import Field

from app.admin.body import Part
from app.admin.fields import (
    Condition,
    Content,
    Days,
    EachOnce,
    EventCondition,
    EventName,
    IdentitySecret,
    Key,
    Keys,
    Label,
    Locale,
    NoOtherNames,
    Note,
    Origin,
    Percent,
    Salt,
    TimeOfDay,
    TimeZone,
    Weekday,
)
from app.admin.instant import Instant
from app.engine.checks import LEAST_EVENTS_DAYS, MOST_DAYS
from app.engine.model import DEFAULT_STAGES, ConsentDefault, MetricKind, Purpose, Status, Unit

# How many of each there may be on a site; `variants` of one placement.
MOST = {
    "placements": 5_000,
    "variants": 1_000,
    "segments": 5_000,
    "journeys": 100,
    "metrics": 1_000,
    "exclusion_groups": 1_000,
    "experiments": 5_000,
    "rules": 20_000,
}


class ConsentDefaults(Part):
    """What counts for a visitor who has not said anything, by purpose."""

    personalization: ConsentDefault = "granted"
    analytics: ConsentDefault = "granted"


class Retention(Part):
    """How many days what happened is kept: events with changes of stage, assignments, what decisions saw."""

    events_days: Annotated[int, Field(ge=LEAST_EVENTS_DAYS, le=MOST_DAYS)] = 400
    assignments_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 800
    decisions_days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 30


class Site(Part):
    """What holds for the whole site. `identity_secret` is kept and never answered.

    A secret is in force at once: to give one needs the role publisher. With `review_required` nobody
    publishes a draft that they have changed themselves.
    """

    origins: list[Origin] = Field(default_factory=list, max_length=100)
    timezone: TimeZone = "UTC"
    default_locale: Locale = "en"
    consent: ConsentDefaults = Field(default_factory=ConsentDefaults)
    expose: list[Literal["stage", "segments"]] = Field(default=["stage", "segments"])
    retention: Retention = Field(default_factory=Retention)
    review_required: bool = False
    identity_secret: Annotated[IdentitySecret | None, Field(json_schema_extra={"writeOnly": True})] = None


class Variant(Part):
    """One content for one placement, with translations by locale; at most 64 KiB each, numbers in full."""

    key: Key
    content: Content = Field(default_factory=dict)
    locales: Annotated[dict[Locale, Content], NoOtherNames()] = Field(default_factory=dict, max_length=200)


class Placement(Part):
    """A named place that can show different content."""

    key: Key
    default: Key | None = None
    variants: Annotated[list[Variant], EachOnce] = Field(default_factory=list, max_length=MOST["variants"])


class Segment(Part):
    """A named group of visitors."""

    key: Key
    condition: Condition


class Stage(Part):
    """One stage of a journey."""

    key: Key
    when: Condition | None = None
    stay: Condition | None = None
    min_dwell_s: Annotated[int, Field(ge=0, le=36_500 * 86_400)] = 0
    decay_after_days: Days | None = None
    precedence: float | None = None


class Journey(Part):
    """A named path through stages."""

    key: Key
    primary: bool = False
    stages: Annotated[list[Stage], EachOnce] = Field(
        default=[Stage(key=stage.key) for stage in DEFAULT_STAGES], min_length=1, max_length=100
    )


class Denominator(Part):
    """What a ratio metric divides by."""

    event: EventName
    property: EventName | None = None


class PercentileCap(Part):
    """Values above this percentile count as the percentile."""

    percentile: Annotated[float, Field(gt=0, le=1)]


class Metric(Part):
    """What an experiment is judged by.

    What is counted happens within `window_days`, which begin with the first assignment, or for `retention`
    `after_days` later. `stage_reached` asks for a `stage`, `stage_progressed` for any that is later in the
    journey than where the unit stood; without a `journey` the primary one counts.
    """

    key: Key
    event: EventName | None = None
    kind: MetricKind = "conversion"
    journey: Key | None = None
    stage: Key | None = None
    after_days: Annotated[float, Field(ge=0, le=365)] = 7
    property: EventName | None = None
    denominator: Denominator | None = None
    window_days: Annotated[float, Field(gt=0, le=365)] = 14
    where: EventCondition = Field(default_factory=dict)
    direction: Literal["up", "down"] = "up"
    cap: PercentileCap | None = None
    covariate_days: Annotated[int, Field(ge=0, le=365)] = 0
    trusted: bool = False


class ExclusionGroup(Part):
    """A named set of experiments that share no visitors."""

    key: Key
    salt: Salt | None = None
    unit: Unit = "visitor"


class GroupShare(Part):
    """The part of an exclusion group that one experiment takes, in percent."""

    key: Key
    start: Annotated[Percent, Field(alias="from")]
    end: Annotated[Percent, Field(alias="to")]


class MetricUse(Part):
    """A further metric of an experiment."""

    metric: Key
    role: Literal["secondary", "guardrail"] = "secondary"
    margin: Annotated[float, Field(ge=0)] | None = None


class Analysis(Part):
    """How an experiment is judged."""

    method: Literal["always_valid", "fixed", "group_sequential", "bayesian"] = "always_valid"
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    mde: Annotated[float, Field(gt=0)] | None = None
    planned_units: Annotated[int, Field(ge=1, le=10**12)] | None = None
    correction: Literal["none", "holm", "benjamini_hochberg"] = "holm"


class Arm(Part):
    """One side of an experiment; a null variant means business as usual."""

    key: Key
    weight: Annotated[float, Field(ge=0, le=10**6)] = 1
    variants: Annotated[dict[Key, Key | None], NoOtherNames()] = Field(default_factory=dict, max_length=200)


class Experiment(Part):
    """A randomized comparison; one of kind `aa` shows the same in every arm."""

    key: Key
    arms: Annotated[list[Arm], EachOnce, Field(min_length=1, max_length=100)]
    kind: Literal["ab", "aa"] = "ab"
    unit: Unit = "visitor"
    before_login: Literal["visitor", "skip"] = "visitor"
    traffic: Percent = 100
    salt: Salt | None = None
    sticky: bool = True
    status: Status = "draft"
    rollout: Key | None = None
    exclusion_group: GroupShare | None = None
    primary_metric: Key | None = None
    metrics: list[MetricUse] = Field(default_factory=list, max_length=200)
    analysis: Analysis = Field(default_factory=Analysis)


class Audience(Part):
    """Whom a rule addresses."""

    stages: Keys = Field(default_factory=list)
    segments: Keys = Field(default_factory=list)
    not_segments: Keys = Field(default_factory=list)
    condition: Condition = Field(default_factory=dict)


class WeeklyWindow(Part):
    """Hours of some weekdays (ISO: 1 is Monday)."""

    days: list[Weekday] = Field(default=[1, 2, 3, 4, 5, 6, 7], max_length=7)
    start: Annotated[TimeOfDay, Field(alias="from")] = "00:00"
    end: Annotated[TimeOfDay, Field(alias="to")] = "24:00"


class Schedule(Part):
    """When a rule is in force."""

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    timezone: TimeZone | None = None
    windows: list[WeeklyWindow] = Field(default_factory=list, max_length=100)


class Cap(Part):
    """At most so many deliveries to one visitor."""

    count: Annotated[int, Field(ge=1, le=10**6)]
    per_days: Days | None = None


class Deliver(Part):
    """What a rule shows: exactly one of the two."""

    variant: Key | None = None
    experiment: Key | None = None


class Rule(Part):
    """Who gets what where."""

    key: Key
    placements: Annotated[list[Key], Field(min_length=1, max_length=200)]
    deliver: Deliver
    priority: Annotated[int, Field(ge=0, le=999)] = 500
    audience: Audience = Field(default_factory=Audience)
    schedule: Schedule | None = None
    cap: Cap | None = None
    consent: list[Purpose] = Field(default_factory=list, max_length=2)
    in_holdout: bool = False
    theme: Label | None = None
    enabled: bool = True
    owner: Label | None = None
    note: Note | None = None


class Holdout(Part):
    """The share of visitors kept on default content.

    Whoever has been on one side stays on it: another percent or salt draws newcomers alone.
    """

    percent: Percent = 0
    salt: Salt = "holdout"
    unit: Unit = "visitor"
    metrics: Keys = Field(default_factory=list)
