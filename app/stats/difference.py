"""How far apart two means are."""

import msgspec

from app.stats.aggregates import Aggregate


class Difference(msgspec.Struct, frozen=True):
    """Treatment against control; None where the units allow no figure, or no test was made.

    `absolute` is treatment minus control, `relative` that as a share of control's mean. `interval` lies
    around `absolute` at confidence 1 - alpha; `p_value` is two-sided.
    """

    absolute: float | None = None
    relative: float | None = None
    interval: tuple[float, float] | None = None
    p_value: float | None = None


def difference_of(control: Aggregate, treatment: Aggregate) -> Difference:
    """Subtract the means, without any test; without a unit on either side there is no figure at all."""
    one, other = control.mean, treatment.mean
    if one is None or other is None:
        return Difference()
    return Difference(other - one, (other - one) / one if one else None)
