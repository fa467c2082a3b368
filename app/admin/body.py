"""What the bodies of admin requests have in common."""

from collections.abc import Iterator
from typing import Any, Self

import msgspec
from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from app.admin.strict_json import Location, places_of_nul
from app.admin.wording import detail_of, said_of

_NUL = b"\\u0000"


class Part(BaseModel):
    """A part of a body: an unknown field is an error, and no value is bent into another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Body(Part):
    """A whole body. Everything wrong with it is found in one go, also what no single field can know."""

    _given: Any = PrivateAttr()

    @property
    def given(self) -> Any:
        """The body as it was sent: what was left out is not in it."""
        return self._given

    @classmethod
    def wrong_in(cls, _given: object) -> Iterator[tuple[Location, str]]:
        """Find what is wrong beyond the types of the fields; what is given may be of any shape."""
        return iter(())

    @model_validator(mode="wrap")
    @classmethod
    def _find_everything(cls, given: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        found = [detail_of(place, message) for place, message in (*nuls_in(given), *cls.wrong_in(given))]
        try:
            body = handler(given)
        except ValidationError as error:
            found += [detail_of(place, message) for place, message in said_of(cls, error.errors())]
        if found:
            raise ValidationError.from_exception_data(cls.__name__, found)
        body._given = given  # noqa: SLF001 - it is this class's own
        return body


def nuls_in(given: object, at: Location = ()) -> Iterator[tuple[Location, str]]:
    """Find what PostgreSQL cannot store."""
    # Nearly every body has none, and encoding it is much faster than walking through it.
    if _NUL in msgspec.json.encode(given):
        for place in places_of_nul(given, at):
            yield place, "must not contain \\u0000"
