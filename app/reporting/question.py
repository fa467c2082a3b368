"""What can be asked of an experiment's results."""

from enum import StrEnum

import msgspec


class CutBy(StrEnum):
    """What results can be cut by, as it stood when the unit was first given an arm; days are in UTC."""

    STAGE = "stage"
    SEGMENT = "segment"
    DEVICE = "device"
    COUNTRY = "country"
    DAY = "day"


class Population(StrEnum):
    """Whose results: every unit that was given an arm, or those whose page reported that it was shown."""

    ASSIGNED = "assigned"
    EXPOSED = "exposed"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question; `phase` None asks for the latest, `complete` compares closed windows alone."""

    site_id: int
    experiment: str
    by: CutBy | None = None
    phase: int | None = None
    population: Population = Population.ASSIGNED
    complete: bool = False
