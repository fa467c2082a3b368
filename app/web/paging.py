"""Lists in pages: `?limit=&cursor=`, answered as `{"items": […], "next_cursor": …}`."""

import base64
import binascii
from typing import Annotated, Generic, TypeVar

import msgspec
from fastapi import Depends, Query
from pydantic import BaseModel

from app.engine.problems import Problem
from app.web.problems import WrongContentError

T = TypeVar("T")


class Listing(BaseModel, Generic[T]):
    """One page of a list; without `next_cursor` it is the last."""

    items: list[T]
    next_cursor: str | None = None


class Page(msgspec.Struct, frozen=True):
    """Which part of a list is asked for."""

    limit: int = 50
    cursor: str | None = None

    def after(self, kind: type[T]) -> T | None:
        """Read the place after which the page starts; None for the first page.

        Raises:
            WrongContentError: the cursor is none that an answer gave.

        """
        if self.cursor is None:
            return None
        try:
            return msgspec.json.decode(
                base64.b64decode(self.cursor, altchars=b"-_", validate=True), type=kind
            )
        except (binascii.Error, ValueError, msgspec.DecodeError) as error:
            wrong = Problem("query:cursor", "is no cursor: take next_cursor of the page before")
            raise WrongContentError([wrong]) from error


def cursor_of(place: object) -> str:
    """Write a place in a list as an opaque cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


async def _page(
    limit: Annotated[int, Query(ge=1, le=200, description="How many items at most.")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=512, description="`next_cursor` of the page before.")
    ] = None,
) -> Page:
    return Page(limit, cursor)


Paging = Annotated[Page, Depends(_page)]
