"""What results look like, for the OpenAPI document."""

from typing import Any

import msgspec

from app.reporting.report import Results
from app.reporting.sheet import sheet_of

_RATIO = {"p_value": 0.41, "always_valid_p_value": 1.0, "mismatch": False}


def _arm(arm: str, units: int, ordering: int) -> dict[str, Any]:
    counted = {"units": units, "sum": ordering, "sum_of_squares": ordering, "mean": ordering / units}
    return {"arm": arm, **counted, "other_currencies": None}


def _metric(units: tuple[int, int], ordering: tuple[int, int], comparison: dict[str, Any]) -> dict[str, Any]:
    return {
        "metric": "orders",
        "kind": "conversion",
        "role": "primary",
        "arms": [_arm("control", units[0], ordering[0]), _arm("treatment", units[1], ordering[1])],
        "comparisons": [{"arm": "treatment", "baseline": "control", "estimator": "plain", **comparison}],
        "note": None,
    }


ANSWER: dict[str, Any] = {
    "experiment": "hero-copy",
    "as_of": "2026-11-22T09:00:00Z",
    "phase": 1,
    "population": "assigned",
    "units": 20_050,
    "units_complete": 18_200,
    "units_exposed": 17_400,
    "crossed_units": 3,
    "arms": [
        {"arm": "control", "units": 10_000, "expected_share": 0.5},
        {"arm": "treatment", "units": 10_050, "expected_share": 0.5},
    ],
    "sample_ratio": _RATIO,
    "metrics": [
        _metric(
            (10_000, 10_050),
            (1_000, 1_086),
            {
                "difference": 0.00806,
                "interval": [-0.00039, 0.01651],
                "relative": 0.0806,
                "relative_interval": [-0.0073, 0.1685],
                "p_value": 0.0616,
                "adjusted_p_value": 0.0616,
                "always_valid": {
                    "p_value": 0.83,
                    "interval": [-0.0056, 0.0217],
                    "relative_interval": [-0.061, 0.222],
                },
                "chance_to_win": 0.969,
                "expected_loss": 0.00005,
                "significant": False,
            },
        )
    ],
    "uplift": None,
    "cuts": [
        {
            "by": "stage",
            "value": "consideration",
            "units": 8_000,
            "sample_ratio": _RATIO,
            "metrics": [
                _metric(
                    (3_980, 4_020),
                    (520, 561),
                    {
                        "difference": 0.0089,
                        "interval": [-0.0061, 0.0239],
                        "relative": 0.0681,
                        "relative_interval": [-0.0487, 0.1849],
                        "p_value": 0.245,
                        "adjusted_p_value": None,
                        "always_valid": {
                            "p_value": 1.0,
                            "interval": [-0.0168, 0.0346],
                            "relative_interval": [-0.13, 0.266],
                        },
                        "chance_to_win": 0.877,
                        "expected_loss": 0.0005,
                        "significant": False,
                    },
                )
            ],
            "uplift": None,
        }
    ],
    "cuts_left_out": 0,
    "verdict": {
        "call": "keep_running",
        "arm": None,
        "why": "9,800 more visitors needed at this rate: about 6 days, and 14 days to observe them",
        "checks": [
            {
                "check": "crossed_units",
                "ok": True,
                "detail": "3 of 20050 units were given more than one arm (at most 1% may be)",
            }
        ],
    },
}
SHEET = sheet_of(msgspec.convert(ANSWER, Results))
