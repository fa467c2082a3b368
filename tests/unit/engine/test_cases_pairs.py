"""The decision cases hold every two features of rules together: ignore either, and a case fails."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from app.engine.ruleset import Ruleset
from tests.case_files import FILES, Case, check
from tests.unit.engine.test_cases import answered, ruleset_of

Part: TypeAlias = dict[str, Any]
Ignore: TypeAlias = Callable[[Part], None]
"""Writes a site anew, in place, as if nobody had heard of a feature."""

FILE = FILES["pairs"]
DEFAULT_PRIORITY = 500
WINTER = datetime(2026, 1, 1)  # noqa: DTZ001 - a wall clock, whose time zone is asked for its offset


def test_every_two_features_of_rules_decide_some_case_together() -> None:
    ignoring = {feature: ruleset_without(feature) for feature in FEATURES}
    decisive = [[f for f, rules in ignoring.items() if not passes(case, rules)] for case in FILE.cases]

    together = {pair for features in decisive for pair in combinations(features, 2)}
    assert set(combinations(FEATURES, 2)) - together == set()


def ruleset_without(feature: str) -> Ruleset:
    config = deepcopy(FILE.config)
    FEATURES[feature](config)
    return ruleset_of(config)


def passes(case: Case, rules: Ruleset) -> bool:
    try:
        check(case.expect, answered(case, rules))
    except AssertionError:
        return False
    return True


def of_rules(config: Part) -> Iterator[Part]:
    yield from config["rules"]


def of_audiences(config: Part) -> Iterator[Part]:
    return (rule["audience"] for rule in config["rules"] if "audience" in rule)


def of_schedules(config: Part) -> Iterator[Part]:
    return (rule["schedule"] for rule in config["rules"] if "schedule" in rule)


def of_experiments(config: Part) -> Iterator[Part]:
    yield from config["experiments"]


def of_variants(config: Part) -> Iterator[Part]:
    return (variant for placement in config["placements"] for variant in placement["variants"])


def no(field: str, parts: Callable[[Part], Iterator[Part]]) -> Ignore:
    def ignore(config: Part) -> None:
        for part in parts(config):
            part.pop(field, None)

    return ignore


def let_the_last_key_win(config: Part) -> None:
    for rank, rule in enumerate(sorted(config["rules"], key=lambda rule: str(rule["key"]))):
        rule["priority"] = rule.get("priority", DEFAULT_PRIORITY) * 1_000 + rank


def stay_within_the_days(config: Part) -> None:
    """Take the hours after midnight for those of the days named, not of the days after them."""
    for schedule in of_schedules(config):
        windows = schedule.get("windows", [])
        nights = [window for window in windows if window.get("to", "24:00") < window.get("from", "00:00")]
        windows += [{**night, "from": "00:00"} for night in nights]
        for night in nights:
            night["to"] = "24:00"


def keep_winter_time(config: Part) -> None:
    for part in (config["site"], *of_schedules(config)):
        if "timezone" in part:
            east = ZoneInfo(part["timezone"]).utcoffset(WINTER) or timedelta()
            # Zones with these names count their hours westwards.
            part["timezone"] = f"Etc/GMT{-(east // timedelta(hours=1)):+d}"


def keep_the_first_placement(config: Part) -> None:
    for rule in config["rules"]:
        del rule["placements"][1:]


def run_nothing(config: Part) -> None:
    for experiment in config["experiments"]:
        if experiment.get("status") == "running":
            experiment["status"] = "stopped"


def run_drafts(config: Part) -> None:
    for experiment in config["experiments"]:
        experiment.setdefault("status", "running")


def show_the_usual_as_a_variant(config: Part) -> None:
    for experiment in config["experiments"]:
        for arm in experiment["arms"]:
            arm["variants"] = {place: shown or "above" for place, shown in arm["variants"].items()}


FEATURES: Mapping[str, Ignore] = {
    "priority": no("priority", of_rules),
    "tie on the key": let_the_last_key_win,
    "stages": no("stages", of_audiences),
    "segments": no("segments", of_audiences),
    "segments left out": no("not_segments", of_audiences),
    "condition": no("condition", of_audiences),
    "start": no("starts_at", of_schedules),
    "end": no("ends_at", of_schedules),
    "weekly windows": no("windows", of_schedules),
    "windows past midnight": stay_within_the_days,
    "time zone": no("timezone", of_schedules),
    "summer time": keep_winter_time,
    "consent": no("consent", of_rules),
    "what the holdout sees too": no("in_holdout", of_rules),
    "switched off": no("enabled", of_rules),
    "cap": no("cap", of_rules),
    "several placements": keep_the_first_placement,
    "experiment": run_nothing,
    "business as usual": show_the_usual_as_a_variant,
    "roll-out": no("rollout", of_experiments),
    "draft": run_drafts,
    "locale": no("locales", of_variants),
}
