"""A decision as the wire tells it, whoever asks."""

from typing import Any

import msgspec

from app.decision.explain import Traces
from app.engine.decision import Decision


def answer_of(decision_id: str, visitor: str, decision: Decision) -> dict[str, Any]:
    """Tell a decision: everything there is to know of it."""
    return {
        "decision_id": decision_id,
        "revision": decision.revision,
        "visitor": {
            "id": visitor,
            "stage": decision.stage,
            "stages": decision.stages,
            "segments": decision.segments,
        },
        "placements": decision.placements,
        "assignments": [
            {"experiment": taken.experiment, "arm": taken.arm, "phase": taken.phase, "first": taken.first}
            for taken in decision.arms
        ],
    }


def explained(decision: Decision, traces: Traces) -> dict[str, Any]:
    """Tell the placements of a decision, each with its trace."""
    return {
        "placements": {
            key: {**msgspec.structs.asdict(choice), "trace": traces[key]}
            for key, choice in decision.placements.items()
        }
    }
