"""How likely a Brownian walk, looked at now and then, first leaves its boundaries at a look."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

# Beyond so many standard deviations nothing is left to integrate, and beyond the next no chance at all.
_FAR, _FARTHEST = 9.0, 37.0
# A boundary is found when it moves no further than this.
_CLOSE = 1e-13
# Gauss and Legendre's rule with sixteen points is exact for a bell where a panel is four deviations wide.
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_PANEL = 4.0


class Walk:
    """A walk that has stayed within its boundaries so far: where it stands, as masses on points.

    Source: Armitage, McPherson and Rowe, Repeated Significance Tests on Accumulating Data (1969); Jennison
    and Turnbull, Group Sequential Methods (2000), chapter 19.
    """

    def __init__(self, time: float = 0.0, points: Floats | None = None, masses: Floats | None = None) -> None:
        self._time = time
        self._points = np.zeros(1) if points is None else points
        self._masses = np.ones(1) if masses is None else masses

    def boundary_for(self, chance: float, time: float) -> float:
        """Find the |z| that the walk is beyond at a time with this chance; infinite for hardly any chance.

        By Newton's method on the logarithm of the chance, which is concave in the boundary, and by halving
        as long as that is too far out for any chance to be left.
        """
        deviation, scale = math.sqrt(time - self._time), math.sqrt(time)
        low, high = 0.0, _FARTHEST * scale
        if not self._beyond(high, deviation) < chance:
            return math.inf
        edge = step = high / 2
        while step > _CLOSE * scale:
            tail = self._beyond(edge, deviation)
            low, high = (edge, high) if tail > chance else (low, edge)
            if tail > 0:
                aim = edge + math.log(tail / chance) * tail / self._slope(edge, deviation)
            else:
                aim = (low + high) / 2
            aim = min(max(aim, low), high)
            edge, step = aim, abs(aim - edge)
        return edge / scale

    def go_on(self, time: float, z: float) -> "Walk":
        """Walk to a look, and leave out what is beyond the boundary there."""
        edge = min(z, _FAR) * math.sqrt(time)
        deviation = math.sqrt(time - self._time)
        points, weights = _grid(edge, deviation)
        gaps = (points[:, None] - self._points[None, :]) / deviation
        density = np.exp(-gaps * gaps / 2) @ self._masses / (deviation * math.sqrt(2 * math.pi))
        return Walk(time, points, weights * density)

    def _beyond(self, edge: float, deviation: float) -> float:
        # Both the walk and its boundaries are symmetric, so that one side is half of it.
        return float(2 * self._masses @ special.ndtr((self._points - edge) / deviation))

    def _slope(self, edge: float, deviation: float) -> float:
        gaps = (self._points - edge) / deviation
        return float(2 * self._masses @ np.exp(-gaps * gaps / 2)) / (deviation * math.sqrt(2 * math.pi))


def _grid(edge: float, deviation: float) -> tuple[Floats, Floats]:
    """Cut what lies within the edges into panels, and place points and weights in each."""
    panels = max(4, math.ceil(2 * edge / (_PANEL * deviation)))
    half = edge / panels
    centers = -edge + half * (2 * np.arange(panels) + 1)
    return (centers[:, None] + half * _POINTS[None, :]).ravel(), np.tile(half * _WEIGHTS, panels)
