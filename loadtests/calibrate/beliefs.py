"""Bayesian answers: whether what is called so likely comes true so often."""

from collections.abc import Iterator, Sequence

import numpy as np

from app.stats.aggregates import Aggregate
from app.stats.bayes import Prior, compare_bayesian
from app.stats.beta import compare_conversions
from app.stats.sample import Sample
from loadtests.calibrate.figure import Figure

# With so many bins, the farthest of them lies beyond so many standard errors once in a thousand times.
_BINS, _FARTHEST = 10, 3.89


def chance_to_win(rng: np.random.Generator, runs: int) -> Iterator[Figure]:
    """Draw truths from the prior and data from the truth: what is called p likely must be so often."""
    prior = Prior(0.0, 0.01)
    truths = rng.normal(0.0, 0.1, runs)
    told, won, lost = [], [], []
    for truth, noise in zip(truths.tolist(), rng.normal(0.0, 0.1, runs).tolist(), strict=True):
        sides = Sample(200, 1.0, 1.0), Sample(200, 1.0 + truth + noise, 1.0)
        found = compare_bayesian(*sides, relative=False, prior=prior)
        told.append(found.chance_to_win or 0.0)
        won.append(truth > 0)
        lost.append((found.loss_of_treatment or 0.0) - max(0.0, -truth))
    yield calibrated("chance to win, normal: farthest of ten bins, standard errors", told, won)
    yield centered("expected loss, normal: mean error, standard errors", lost)


def chance_to_win_of_conversions(rng: np.random.Generator, runs: int) -> Iterator[Figure]:
    """Do the same for two proportions, of which any value is as likely before."""
    told, won, lost = [], [], []
    for p1, p2 in rng.random((runs, 2)).tolist():
        one, other = rng.binomial(50, (p1, p2)).tolist()
        found = compare_conversions(Aggregate(50, one, one), Aggregate(50, other, other))
        told.append(found.chance_to_win)
        won.append(p2 > p1)
        lost.append(found.loss_of_treatment - max(0.0, p1 - p2))
    yield calibrated("chance to win, conversions: farthest of ten bins, standard errors", told, won)
    yield centered("expected loss, conversions: mean error, standard errors", lost)


def calibrated(what: str, told: Sequence[float], won: Sequence[bool]) -> Figure:
    """Compare, bin by bin, how many won with how many were told to."""
    chances, wins = np.array(told), np.array(won)
    bins = np.minimum((chances * _BINS).astype(int), _BINS - 1)
    surplus = np.bincount(bins, wins - chances, _BINS)
    error = np.sqrt(np.bincount(bins, chances * (1 - chances), _BINS))
    # An empty bin strays by nothing, and one that was told to be sure may not stray at all.
    return Figure(what, float(np.max(np.abs(surplus) / np.maximum(error, 1e-9))), 0.0, _FARTHEST)


def centered(what: str, errors: Sequence[float]) -> Figure:
    """Compare the mean of what was told too much or too little with its standard error."""
    drawn = np.array(errors)
    return Figure(what, float(drawn.mean() / drawn.std() * np.sqrt(len(drawn))), -3.29, 3.29)
