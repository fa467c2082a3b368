"""A pause for what has failed several times in a row: nobody waits for it in vain, and it can come back."""

from collections.abc import Callable
from time import monotonic

FAILURES = 5
REST_S = 0.25


class Resting(ConnectionError):  # noqa: N818 - named for what is the case, as the caller meets it
    """It has just failed several times, and is not asked for a moment."""


class Breaker:
    """Lets calls through until `failures` of them in a row have failed; then one in each `rest_s` seconds.

    The first that succeeds lets all through again. `rests` counts how often it came to that.
    """

    def __init__(
        self,
        *,
        failures: int = FAILURES,
        rest_s: float = REST_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.rests = 0
        self._limit = failures
        self._rest_s = rest_s
        self._clock = clock
        self._failures = 0
        self._next_at = 0.0

    def admit(self) -> None:
        """Let one call through; raises Resting."""
        if self._failures < self._limit:
            return
        now = self._clock()
        if now < self._next_at:
            raise Resting("it has just failed several times in a row")
        # This one tries for all; the next may once it has had its time.
        self._next_at = now + self._rest_s

    def succeeded(self) -> None:
        """Hear that a call went well."""
        self._failures = 0

    def failed(self) -> None:
        """Hear that a call failed, in whatever way."""
        self._failures += 1
        if self._failures == self._limit:
            self.rests += 1
            self._next_at = self._clock() + self._rest_s
