"""The document that admins write and publishing freezes, as typed values with every default filled in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

Unit = Literal["visitor", "user"]
Status = Literal["draft", "running", "stopped", "archived"]
Purpose = Literal["personalization", "analytics"]
ConsentDefault = Literal["granted", "denied"]
Condition = Mapping[str, Any]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What all parts of the document share: immutable, and an unknown field is an error."""


class ConsentDefaults(_Part, frozen=True):
    """What counts for a visitor who has not said anything, by purpose."""

    personalization: ConsentDefault = "granted"
    analytics: ConsentDefault = "granted"


class Retention(_Part, frozen=True):
    """How many days what happened is kept: changes of stage as long as events, a decision's inputs apart."""

    events_days: int = 400
    assignments_days: int = 800
    decisions_days: int = 30


class Site(_Part, frozen=True):
    """What holds for the whole site. `expose` lists what of the visitor a public key may see.

    With `review_required` nobody publishes a draft that they have changed themselves.
    """

    origins: tuple[str, ...] = ()
    timezone: str = "UTC"
    default_locale: str = "en"
    consent: ConsentDefaults = ConsentDefaults()
    expose: tuple[Literal["stage", "segments"], ...] = ("stage", "segments")
    retention: Retention = Retention()
    review_required: bool = False


class Variant(_Part, frozen=True):
    """One content for one placement, with a translation per locale where there is one."""

    key: str
    content: Any = {}
    locales: Mapping[str, Any] = {}


class Placement(_Part, frozen=True):
    """A named place that can show different content. `default` names the variant for everybody else."""

    key: str
    default: str | None = None
    variants: tuple[Variant, ...] = ()


class Segment(_Part, frozen=True):
    """A named group of visitors."""

    key: str
    condition: Condition


class Stage(_Part, frozen=True):
    """One stage of a journey. Without `when` only the first stage of a journey ever holds."""

    key: str
    when: Condition | None = None
    stay: Condition | None = None
    min_dwell_s: int = 0
    decay_after_days: float | None = None
    precedence: float | None = None


DEFAULT_STAGES = tuple(
    Stage(key=key) for key in ("awareness", "consideration", "decision", "retention", "advocacy")
)


class Journey(_Part, frozen=True):
    """A named path. The primary one (else the first listed) gives a visitor's `stage`."""

    key: str
    primary: bool = False
    stages: tuple[Stage, ...] = DEFAULT_STAGES


class Denominator(_Part, frozen=True):
    """What a ratio metric divides by: a sum of `property`, or a count of events where none is named."""

    event: str
    property: str | None = None


class PercentileCap(_Part, frozen=True):
    """Values above this percentile of all arms pooled count as the percentile."""

    percentile: float


MetricKind = Literal["conversion", "count", "mean", "ratio", "retention", "stage_reached", "stage_progressed"]


class Metric(_Part, frozen=True):
    """What an experiment is judged by.

    What is counted happens within `window_days`, which begin with the first assignment, or for `retention`
    `after_days` later. `stage_reached` asks for a `stage`, `stage_progressed` for any that is later in the
    journey than where the unit stood; without a `journey` the primary one counts.
    """

    key: str
    event: str | None = None
    kind: MetricKind = "conversion"
    journey: str | None = None
    stage: str | None = None
    after_days: float = 7
    property: str | None = None
    denominator: Denominator | None = None
    window_days: float = 14
    where: Condition = {}
    direction: Literal["up", "down"] = "up"
    cap: PercentileCap | None = None
    covariate_days: int = 0
    trusted: bool = False


class ExclusionGroup(_Part, frozen=True):
    """A named set of experiments that share no visitors."""

    key: str
    salt: str | None = None
    unit: Unit = "visitor"


class GroupShare(_Part, frozen=True):
    """The part of an exclusion group that one experiment takes, in percent, half-open."""

    key: str
    start: float = msgspec.field(name="from")
    end: float = msgspec.field(name="to")


class MetricUse(_Part, frozen=True):
    """A further metric of an experiment and the part it plays there."""

    metric: str
    role: Literal["secondary", "guardrail"] = "secondary"
    margin: float | None = None


class Analysis(_Part, frozen=True):
    """How an experiment is judged; frozen while it runs."""

    method: Literal["always_valid", "fixed", "group_sequential", "bayesian"] = "always_valid"
    alpha: float = 0.05
    mde: float | None = None
    planned_units: int | None = None
    correction: Literal["none", "holm", "benjamini_hochberg"] = "holm"


class Arm(_Part, frozen=True):
    """One side of an experiment. A null variant means business as usual at that placement."""

    key: str
    weight: float = 1
    variants: Mapping[str, str | None] = {}


class Experiment(_Part, frozen=True):
    """A randomized comparison. `phase` is set by publishing, never by an editor.

    One of kind `aa` shows the same in every arm, to see that what counts and compares is sound.
    """

    key: str
    arms: tuple[Arm, ...]
    kind: Literal["ab", "aa"] = "ab"
    unit: Unit = "visitor"
    before_login: Literal["visitor", "skip"] = "visitor"
    traffic: float = 100
    salt: str | None = None
    sticky: bool = True
    status: Status = "draft"
    rollout: str | None = None
    exclusion_group: GroupShare | None = None
    primary_metric: str | None = None
    metrics: tuple[MetricUse, ...] = ()
    analysis: Analysis = Analysis()
    phase: int = 1


class Audience(_Part, frozen=True):
    """Whom a rule addresses: any of `stages`, any of `segments`, none of `not_segments`, the condition."""

    stages: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    not_segments: tuple[str, ...] = ()
    condition: Condition = {}


class WeeklyWindow(_Part, frozen=True):
    """Hours of some weekdays (1 is Monday), half-open, as `HH:MM`; `to` before `from` runs past midnight."""

    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    start: str = msgspec.field(name="from", default="00:00")
    end: str = msgspec.field(name="to", default="24:00")


class Schedule(_Part, frozen=True):
    """When a rule is in force. `timezone` is the site's where it is not given."""

    starts_at: Instant | None = None
    ends_at: Instant | None = None
    timezone: str | None = None
    windows: tuple[WeeklyWindow, ...] = ()


class Cap(_Part, frozen=True):
    """At most `count` deliveries to one visitor in `per_days` days (null: ever)."""

    count: int
    per_days: float | None = None


class Deliver(_Part, frozen=True):
    """What a rule shows: a variant, or what an experiment says. Exactly one of the two."""

    variant: str | None = None
    experiment: str | None = None


class Rule(_Part, frozen=True):
    """Who gets what where. Higher priority wins; ties break on the key, ascending."""

    key: str
    placements: tuple[str, ...]
    deliver: Deliver
    priority: int = 500
    audience: Audience = Audience()
    schedule: Schedule | None = None
    cap: Cap | None = None
    consent: tuple[Purpose, ...] = ()
    in_holdout: bool = False
    theme: str | None = None
    enabled: bool = True
    owner: str | None = None
    note: str | None = None


class Holdout(_Part, frozen=True):
    """The share of visitors kept on default content, in percent; publishing sets its `phase`."""

    percent: float = 0
    salt: str = "holdout"
    unit: Unit = "visitor"
    metrics: tuple[str, ...] = ()
    phase: int = 1


class Document(_Part, frozen=True):
    """A whole site, as `PUT /api/v1/config` takes it and a revision keeps it."""

    site: Site = Site()
    placements: tuple[Placement, ...] = ()
    segments: tuple[Segment, ...] = ()
    journeys: tuple[Journey, ...] = ()
    metrics: tuple[Metric, ...] = ()
    exclusion_groups: tuple[ExclusionGroup, ...] = ()
    experiments: tuple[Experiment, ...] = ()
    rules: tuple[Rule, ...] = ()
    holdout: Holdout = Holdout()
