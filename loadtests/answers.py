"""What the service answers, as far as a replay looks at it."""

import msgspec


class Assignment(msgspec.Struct, frozen=True):
    """An arm that a decision has given its visitor."""

    experiment: str
    arm: str
    phase: int


class Seen(msgspec.Struct, frozen=True):
    """What of the visitor the decision tells."""

    stage: str | None = None


class Choice(msgspec.Struct, frozen=True):
    """Why one placement shows what it shows."""

    reason: str


class Decided(msgspec.Struct, frozen=True):
    """The answer of `/decide`."""

    decision_id: str
    revision: int | None
    visitor: Seen
    placements: dict[str, Choice]
    assignments: tuple[Assignment, ...]
    degraded: tuple[str, ...] = ()


class Taken(msgspec.Struct, frozen=True):
    """The answer of `/events`."""

    accepted: int
    duplicate: int


class ArmFigures(msgspec.Struct, frozen=True):
    """One arm's figures for one metric."""

    arm: str
    units: int
    mean: float | None = None


class Difference(msgspec.Struct, frozen=True):
    """How one arm compares with the first one."""

    arm: str
    difference: float | None = None
    p_value: float | None = None


class MetricFigures(msgspec.Struct, frozen=True):
    """One metric of an experiment, arm by arm."""

    metric: str
    arms: tuple[ArmFigures, ...]
    comparisons: tuple[Difference, ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """What the service makes of an experiment's figures."""

    call: str
    why: str = ""


class Results(msgspec.Struct, frozen=True):
    """The answer of `/api/v1/experiments/{key}/results`."""

    metrics: tuple[MetricFigures, ...]
    verdict: Verdict


read_results = msgspec.json.Decoder(Results).decode
read_decided = msgspec.json.Decoder(Decided).decode
read_taken = msgspec.json.Decoder(Taken).decode
