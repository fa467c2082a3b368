"""How many of those who ask at once are served, so that those who are do not wait for all the others."""

import asyncio
from collections.abc import Callable
from time import monotonic


class Admission:
    """Turns away whoever comes up once a crowd was served for `patience_s` in one turn of the event loop.

    All who ask while a turn lasts come up in the next one, so nobody who is admitted waits much longer than
    two of these. A crowd are more than `crowd`: a machine that was busy with something else for a moment is
    no reason to turn anybody away. `refused` counts those who were.
    """

    def __init__(
        self, *, patience_s: float = 0.025, crowd: int = 64, clock: Callable[[], float] = monotonic
    ) -> None:
        self.refused = 0
        self._patience_s = patience_s
        self._crowd = crowd
        self._clock = clock
        self._came = 0
        self._began_at = 0.0

    def admits(self) -> bool:
        """Tell whether whoever has come up now is served."""
        self._came += 1
        if self._came == 1:
            self._began_at = self._clock()
            asyncio.get_running_loop().call_soon(self._turn_over)
        elif self._came > self._crowd and self._clock() - self._began_at > self._patience_s:
            self.refused += 1
            return False
        return True

    def _turn_over(self) -> None:
        self._came = 0
