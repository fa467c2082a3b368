"""Which of the kinds an answer can have a client wants most (RFC 9110, 12.5.1)."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.web.problems import ProblemError

_WEIGHT = re.compile(r"q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


class _Range(NamedTuple):
    """Kinds that a client takes, `*` for any, and how gladly: 0 for not at all."""

    kind: str
    quality: float

    def precision(self, offer: str) -> int:
        """Tell how closely this names an offer: 0 where it does not."""
        if self.kind == offer:
            return 3
        if self.kind == f"{offer.partition('/')[0]}/*":
            return 2
        return int(self.kind == "*/*")


def best_kind(accept: str, offers: Sequence[str]) -> str:
    """Choose what an `Accept` header likes best; of several alike, the one that is offered first.

    Raises:
        ProblemError: 406, it takes none of them.

    """
    ranges = list(_ranges_of(accept))
    if not ranges:
        return offers[0]
    liked = {offer: _quality_of(offer, ranges) for offer in offers}
    best = max(offers, key=liked.__getitem__)
    if liked[best] <= 0:
        raise ProblemError(406, f"this can be answered as {' or '.join(offers)}; Accept names none of them")
    return best


def _quality_of(offer: str, ranges: Sequence[_Range]) -> float:
    """Ask the range that names the offer most closely."""
    precision, quality = max((each.precision(offer), each.quality) for each in ranges)
    return quality if precision else 0


def _ranges_of(accept: str) -> Iterator[_Range]:
    for part in accept.split(","):
        kind, *parameters = (each.strip().lower() for each in part.split(";"))
        if kind:
            yield _Range(kind, _weight_of(parameters))


def _weight_of(parameters: Sequence[str]) -> float:
    """Read `q`; what is no weight is passed over, as is every other parameter."""
    weights = (_WEIGHT.fullmatch(parameter) for parameter in parameters)
    return next((float(weight[1]) for weight in weights if weight is not None), 1)
