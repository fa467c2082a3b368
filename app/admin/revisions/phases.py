"""What a revision says of its experiments that no editor does."""

from collections.abc import Mapping
from typing import Any


def without_phases(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give the draft that a revision was made of."""
    if "experiments" not in document:
        return dict(document)
    bare = [{k: v for k, v in given.items() if k != "phase"} for given in document["experiments"]]
    return {**document, "experiments": bare}
