"""Why a placement shows what it shows."""

from enum import StrEnum


class Reason(StrEnum):
    """The `reason` of a placement in the answer."""

    RULE = "rule"
    EXPERIMENT = "experiment"
    HOLDOUT = "holdout"
    DEFAULT = "default"
    UNKNOWN_PLACEMENT = "unknown_placement"
