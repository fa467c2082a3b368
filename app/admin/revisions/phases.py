"""What a revision says of its experiments, and of its holdout, that no editor does."""

from collections.abc import Mapping
from typing import Any


def without_phases(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give the draft that a revision was made of."""
    bare = dict(document)
    if "experiments" in document:
        bare["experiments"] = [_without_phase(given) for given in document["experiments"]]
    if "phase" in document.get("holdout", {}):
        bare["holdout"] = _without_phase(document["holdout"])
        if not bare["holdout"]:
            # Nobody said anything of it; it has a phase all the same, since there was a holdout before.
            del bare["holdout"]
    return bare


def new_experiments(document: Mapping[str, Any], previous: Mapping[str, Any] | None) -> set[str]:
    """Give the keys of the experiments that the revision before does not name."""
    return _experiments(document) - _experiments(previous or {})


def _experiments(document: Mapping[str, Any]) -> set[str]:
    return {given["key"] for given in document.get("experiments", ())}


def _without_phase(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != "phase"}
