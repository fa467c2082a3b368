"""Why a placement shows what it shows, and what a rule lacked to be shown."""

from enum import StrEnum


class Reason(StrEnum):
    """The `reason` of a placement in the answer."""

    RULE = "rule"
    EXPERIMENT = "experiment"
    HOLDOUT = "holdout"
    DEFAULT = "default"
    PREVIEW = "preview"
    UNKNOWN_PLACEMENT = "unknown_placement"


class Lack(StrEnum):
    """What kept a rule from being shown.

    `identity`: nobody is known whom the experiment could count. `logging`: who cannot be logged, such as a
    robot, is not taken in. `variant`: the arm leaves this placement to the next rule. `not_running`: only a
    forced arm would be shown.
    """

    HOLDOUT = "holdout"
    STAGE = "stage"
    SEGMENT = "segment"
    CONDITION = "condition"
    SCHEDULE = "schedule"
    CONSENT = "consent"
    CAP = "cap"
    IDENTITY = "identity"
    LOGGING = "logging"
    EXCLUSION_GROUP = "exclusion_group"
    TRAFFIC = "traffic"
    VARIANT = "variant"
    NOT_RUNNING = "not_running"
    OUTRANKED = "outranked"
