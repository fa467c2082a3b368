"""Arms of different sizes made ready for a test: the small one is not taken at its word."""

import msgspec

from app.stats.sample import Sample

# With a third of the other's units, an arm may be taken at its word: tests at 28 looks then called arms that
# are alike different in at most 5 of 100 experiments.
FEWER = 3


def even_out(control: Sample, treatment: Sample) -> tuple[Sample, Sample]:
    """Let a much smaller arm vary more where it seems to vary less than the larger one; else both stay.

    Among few units hardly anybody may have done what is rare. They then seem to hardly vary, just when their
    mean is too low, and the error `s₁²/n₁ + s₂²/n₂` leaves little to chance: with one unit in a hundred in
    the smaller arm, most tests of arms that are alike would find a difference. With 3n₂ < n₁ and s₂² < s₁²
    the smaller arm's variance becomes `s₁² - (s₁² - s₂²) n₂/n₁`: nearly s₁² for next to no units. The squared
    error of the difference is then that of one variance for both arms, `s²(1/n₁ + 1/n₂)` with
    `s² = (n₁s₁² + n₂s₂²)/(n₁ + n₂)`, and never less than it was. Where the smaller arm does vary less, the
    test finds less than it could.
    Source: the pooled variance of compare_means, where it is the larger one, with n in place of n - 1.
    """
    if control.units < treatment.units:
        return _raised(control, treatment), treatment
    return control, _raised(treatment, control)


def _raised(small: Sample, large: Sample) -> Sample:
    if FEWER * small.units >= large.units:
        return small
    if small.variance is None or large.variance is None or small.variance >= large.variance:
        return small
    share = small.units / large.units
    return msgspec.structs.replace(small, variance=large.variance - (large.variance - small.variance) * share)
