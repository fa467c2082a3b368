"""What plans and overlaps look like, for the OpenAPI document."""

WISH = {"metric": "orders", "placements": ["home.hero"], "effect": 0.05}
PLANNED = {
    "units": 76_400,
    "units_per_arm": 38_200,
    "days": 39,
    "window_days": 14,
    "units_per_day": 2_000,
    "mean": 0.1,
    "deviation": 0.3,
    "baseline_of": "hero-copy",
    "traffic_of": "hero-copy",
    "detectable": [{"days": 7, "units": 14_000, "effect": 0.117}],
    "warnings": ["hero-copy runs on home.hero too: many units will be in both"],
}
OVERLAPS = [
    {
        "experiment": "footer",
        "units": 400,
        "share": 0.25,
        "arms": [
            {"arm": "control", "other_arm": "a", "units": 195},
            {"arm": "treatment", "other_arm": "a", "units": 205},
        ],
        "p_value": None,
    }
]
