"""A bound on how often something may happen: pure, the clock is its caller's."""


class TokenBucket:
    """Gives `per_s` tokens a second. What is left over is kept for one second, but for one token at least."""

    __slots__ = ("_at_s", "_most", "_per_s", "_tokens")

    def __init__(self, per_s: float, now_s: float) -> None:
        self._per_s = per_s
        self._most = self._tokens = max(1.0, per_s)
        self._at_s = now_s

    def take(self, now_s: float) -> float:
        """Take a token, and answer 0; where there is none, answer in how many seconds there will be."""
        tokens = self._tokens + (now_s - self._at_s) * self._per_s
        self._at_s = now_s
        if tokens < 1:
            self._tokens = tokens
            return (1 - tokens) / self._per_s
        self._tokens = min(tokens, self._most) - 1
        return 0.0

    @property
    def left(self) -> int:
        """How many tokens could have been taken right after the latest `take`."""
        return int(self._tokens)

    @property
    def full_in_s(self) -> float:
        """In how many seconds from the latest `take` it will be full, if nobody takes any."""
        return (self._most - self._tokens) / self._per_s
