"""Every operation of the OpenAPI document, and how one is asked for."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from app.main import openapi_document


@dataclass(frozen=True, eq=False)
class Operation:
    """A method on a path, as the document tells it."""

    method: str
    path: str
    told: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def named(self) -> list[str]:
        """What its path names."""
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def successes(self) -> set[int]:
        """The statuses by which it says that it was carried out."""
        return {int(status) for status in self.told["responses"] if status.startswith("2")}

    def takes(self, parameter: str) -> bool:
        """Whether it has a query parameter or a header of this name."""
        return parameter in {each["name"] for each in self.told.get("parameters", [])}

    @property
    def example(self) -> Any:
        """The first example of its body; None where it takes none."""
        if "requestBody" not in self.told:
            return None
        content = self.told["requestBody"]["content"]["application/json"]
        named = [example["value"] for example in content.get("examples", {}).values()]
        own = [content["example"]] if "example" in content else []
        schema = content.get("schema", {})
        if "$ref" in schema:
            schema = openapi()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return (named or own or schema.get("examples") or [{}])[0]


@cache
def openapi() -> dict[str, Any]:
    """The document that the program makes of itself."""
    return openapi_document()


@cache
def operations() -> tuple[Operation, ...]:
    """List all there are."""
    return tuple(
        Operation(method.upper(), path, told)
        for path, methods in openapi()["paths"].items()
        for method, told in methods.items()
    )


def each(*some: Operation) -> pytest.MarkDecorator:
    """Say a test once for each of these operations."""
    return pytest.mark.parametrize("operation", some, ids=[operation.name for operation in some])
