"""Strong ETags, and the preconditions that keep two editors from overwriting each other."""

import hashlib
import re
from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Header

from app.kit.steps import Steps, finished
from app.web.problems import PreconditionMissingError, ProblemError, StaleError

_DIGEST_SIZE = 16
_STRONG = re.compile(r'(?<![^\s,])"[^"]*"')
_ANY = re.compile(r'(?<![^\s,])(?:W/)?("[^"]*")')

# For the `responses` of a GET that answers an ETag.
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "As the client has it: `If-None-Match` names its ETag."}
}


def etag_of(content: bytes) -> str:
    """Make the ETag of exactly these bytes."""
    return finished(tagging([content]))


def tagging(pieces: Iterable[bytes]) -> Steps[str]:
    """Make the ETag of many bytes, a piece in each step; it does not tell how they were cut."""
    digest = hashlib.blake2b(digest_size=_DIGEST_SIZE)
    for piece in pieces:
        digest.update(piece)
        yield
    return f'"{digest.hexdigest()}"'


def has(if_none_match: str | None, current: str) -> bool:
    """Whether a client says that it has what has this ETag; to read it, a weak one is as good."""
    given = (if_none_match or "").strip()
    return given == "*" or current in _ANY.findall(given)


class Precondition(msgspec.Struct, frozen=True):
    """What a client says of the state that it means to change."""

    if_match: str | None = None
    if_none_match: str | None = None

    def check(self, current: str, *, is_new: bool = False) -> None:
        """Compare with the ETag as it is; where nothing was ever stored (`is_new`), nothing need be said.

        Raises:
            StaleError: the client saw another state than the current one.
            PreconditionMissingError: it does not say what it saw.

        """
        if self.if_match is not None and not self._matches(current):
            raise StaleError("it was changed since: read it again, and change what is there now", current)
        if self.if_none_match == "*" and not is_new:
            raise StaleError("it exists already: change it with If-Match and the ETag of a GET", current)
        if self.if_match is None and not is_new:
            raise PreconditionMissingError("a change needs If-Match, with the ETag of a GET")

    def check_absent(self) -> None:
        """See that the client, too, takes it for not there; `If-Match` says that something is, also by `*`.

        Raises:
            ProblemError: 412, it means to change what is there no more, or never was.

        """
        if self.if_match is not None:
            raise ProblemError(412, "there is nothing to change here: it was deleted, or never was")

    def _matches(self, current: str) -> bool:
        # A weak ETag (W/"…") never matches here: two bodies it calls equal may still differ.
        given = (self.if_match or "").strip()
        return given == "*" or current in _STRONG.findall(given)


async def _precondition(
    if_match: Annotated[
        str | None, Header(description="The ETag that a GET answered, or `*`.", examples=["*"])
    ] = None,
    if_none_match: Annotated[str | None, Header(description="`*`: only where nothing is there yet.")] = None,
) -> Precondition:
    return Precondition(if_match, if_none_match.strip() if if_none_match is not None else None)


Preconditions = Annotated[Precondition, Depends(_precondition)]
