"""Whether treatment is no worse than control, but for a margin that one is willing to lose."""

import math
from typing import Literal

from app.stats.estimate import Interval

Kept = Literal["held", "breached", "open"]


def check_margin(interval: Interval | None, *, margin: float, better: Literal["up", "down"] = "up") -> Kept:
    """Judge an interval of the difference against the margin, both absolute or both relative.

    `held`: the whole interval is better than losing the margin, `breached`: the whole interval is worse, and
    `open`: it cannot be said yet, as without an interval. Of an interval at confidence 1 - alpha only one end
    decides, so that either answer is wrong with a chance of alpha / 2; it is as good at every look as the
    interval is.
    Source: Piaggio et al., Reporting of Noninferiority and Equivalence Randomized Trials (JAMA 2012).

    Raises:
        ValueError: the margin is below 0 or no number.

    """
    if not 0 <= margin < math.inf:
        raise ValueError(f"a margin is what may be lost, at least 0, not {margin}")
    if interval is None:
        return "open"
    worst, best = interval if better == "up" else (-interval[1], -interval[0])
    if worst > -margin:
        return "held"
    return "breached" if best < -margin else "open"
