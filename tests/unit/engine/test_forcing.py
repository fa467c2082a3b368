"""Decisions with something forced."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.engine.arms import GENERIC, HOLDOUT, PERSONALIZED
from app.engine.compile import compile_ruleset, compiling
from app.engine.decision import Choice, Decision
from app.engine.evaluate import evaluate
from app.engine.forced import NOTHING_FORCED, Forced
from app.engine.forcing import evaluate_forced, fitting
from app.engine.profile import ArmHeld, Profile
from app.engine.reasons import Lack, Reason
from app.engine.ruleset import Ruleset
from app.engine.trace import Candidate, tracing
from app.engine.visitor import Standing, Visitor
from app.kit.steps import finished
from tests.builders import NOW, arm, delivering, experiment, journey, parsed, placement, rule, segment

SEGMENTS = [
    segment("german", {"context.country": "DE"}),
    segment("buyer", {"traits.buyer": True}),
    segment("german-buyer", {"segments": {"$all": ["german", "buyer"]}}),
]
STANDING = Standing("v-1", may_log=False)
GERMAN = {"country": "DE"}


def site(**fields: Any) -> Ruleset:
    """A site with three segments and a journey, in which every arm can be forced."""
    journeys = [journey("new", {"key": "known", "when": {"traits.known": True}})]
    whole = parsed(**{"segments": SEGMENTS, "journeys": journeys, **fields})
    return finished(compiling(whole, 1, idle=True))


def trial(**fields: Any) -> Ruleset:
    """A site whose experiment of two arms everybody is in, unless the fields say otherwise."""
    return site(experiments=[experiment(**fields)], rules=[delivering("hero-copy")])


def seen(rules: Ruleset, forced: Forced | None, profile: Profile | None = None) -> Visitor:
    return rules.see(profile or Profile(), GERMAN, STANDING, NOW, forced)


def decided(
    rules: Ruleset,
    forced: Forced,
    profile: Profile | None = None,
    placements: tuple[str, ...] = ("home.hero",),
) -> Decision:
    otherwise = evaluate(rules, seen(rules, None, profile), placements)
    return evaluate_forced(rules, seen(rules, forced, profile), placements, forced, otherwise)


def shown(rules: Ruleset, forced: Forced, profile: Profile | None = None) -> Choice:
    return decided(rules, forced, profile).placements["home.hero"]


def traced(rules: Ruleset, forced: Forced) -> list[Candidate]:
    visitor = seen(rules, forced)
    return finished(tracing(rules, visitor, ["home.hero"], forced=forced))["home.hero"]


def arms(**forced: str) -> Forced:
    return Forced(arms={key.replace("_", "-"): value for key, value in forced.items()})


@pytest.mark.parametrize(
    ("forced", "segments"),
    [
        (Forced(), ["german"]),
        (Forced(segments={"buyer": True}), ["german", "buyer", "german-buyer"]),
        (Forced(segments={"german": False}), []),
        (Forced(segments={"german-buyer": True}), ["german", "german-buyer"]),
        (Forced(segments={"buyer": True}, only=True), ["buyer"]),
        (Forced(only=True), []),
    ],
)
def test_a_forced_segment_is_what_all_others_see(forced: Forced, segments: list[str]) -> None:
    assert seen(site(), forced).segments == segments


def test_a_forced_stage_is_where_the_visitor_stands() -> None:
    rules = site(rules=[rule("r", audience={"stages": ["known"]})])

    assert shown(rules, Forced(stages={"purchase": "known"})).rule == "r"
    assert shown(rules, Forced(segments={"buyer": True})).rule is None


def test_what_forcing_has_decided_says_so_and_the_rest_says_what_it_ever_does() -> None:
    rules = site(
        placements=[placement(), placement("home.side"), placement("home.foot")],
        rules=[
            rule("buyer", audience={"segments": ["buyer"]}),
            rule("all", placements=["home.side"]),
        ],
    )
    placements = ("home.hero", "home.side", "home.foot", "nowhere")

    decision = decided(rules, Forced(segments={"buyer": True}), placements=placements)

    assert [decision.placements[key].reason for key in placements] == [
        Reason.PREVIEW,
        Reason.RULE,
        Reason.DEFAULT,
        Reason.UNKNOWN_PLACEMENT,
    ]
    assert (decision.revision, decision.stage, decision.stages) == (1, "new", {"purchase": "new"})
    assert (decision.segments, decision.arms, decision.capped) == (
        ("german", "buyer", "german-buyer"),
        (),
        (),
    )


@pytest.mark.parametrize("forced", ["control", "treatment"])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"status": "draft"},
        {"status": "stopped", "rollout": "control"},
        {"traffic": 0},
        {"sticky": False},
        {"unit": "user", "before_login": "skip"},
    ],
    ids=str,
)
def test_a_forced_arm_is_shown_whatever_else_keeps_the_visitor_out(
    fields: Mapping[str, Any], forced: str
) -> None:
    choice = shown(trial(**fields), arms(hero_copy=forced))

    shows = {"control": "default", "treatment": "offer"}[forced]
    assert (choice.variant, choice.rule, choice.arm) == (shows, "hero-copy-rule", forced)
    assert (choice.reason, choice.experiment) == (Reason.PREVIEW, "hero-copy")


def test_an_arm_that_the_visitor_is_in_is_a_preview_too_where_it_is_forced() -> None:
    held = Profile(arms={"hero-copy": ArmHeld("control", 1, 1)})

    assert shown(trial(), arms(hero_copy="control"), held).reason == Reason.PREVIEW
    assert shown(trial(), arms(hero_copy="treatment"), held).arm == "treatment"


def test_a_forced_arm_is_for_the_audience_of_its_rule() -> None:
    rules = site(
        experiments=[experiment()], rules=[delivering("hero-copy", audience={"segments": ["buyer"]})]
    )
    forced = arms(hero_copy="treatment")

    assert shown(rules, forced).rule is None
    both = Forced(arms=forced.arms, segments={"buyer": True})
    assert shown(rules, both).rule == "hero-copy-rule"


def test_a_forced_arm_without_a_variant_leaves_the_placement_to_the_next_rule() -> None:
    rules = site(
        experiments=[experiment(arms=[arm("usual", None), arm("new")])],
        rules=[delivering("hero-copy", priority=900), rule("next")],
    )

    assert shown(rules, arms(hero_copy="usual")).rule == "next"
    assert shown(rules, arms(hero_copy="new")).rule == "hero-copy-rule"
    assert [one.lacked for one in traced(rules, arms(hero_copy="usual"))] == [(Lack.VARIANT,), ()]


def test_arms_that_are_not_forced_stay_as_they_are() -> None:
    held = Profile(arms={"b": ArmHeld("treatment", 1, 1)})
    rules = site(
        placements=[placement(), placement("home.side")],
        experiments=[
            experiment("a"),
            experiment(
                "b", arms=[arm(key, variants={"home.side": "offer"}) for key in ("control", "treatment")]
            ),
        ],
        rules=[delivering("a"), delivering("b", placements=["home.side"])],
    )

    decision = decided(rules, arms(a="treatment"), held, ("home.hero", "home.side"))

    side = decision.placements["home.side"]
    assert (side.reason, side.arm) == (Reason.EXPERIMENT, "treatment")


def test_a_cap_that_is_used_up_stays_so() -> None:
    rules = site(rules=[rule("once", cap={"count": 1}, audience={"segments": ["buyer"]})])
    forced = Forced(segments={"buyer": True})

    assert shown(rules, forced).rule == "once"
    assert shown(rules, forced, Profile(caps={"once": [1]})).rule is None


@pytest.mark.parametrize("percent", [0, 100])
def test_a_side_of_the_holdout_can_be_forced(percent: int) -> None:
    rules = site(holdout={"percent": percent}, rules=[rule("r"), rule("legal", placements=["home.hero"])])

    for side, shows in ((GENERIC, None), (PERSONALIZED, "legal")):
        forced = Forced(arms={HOLDOUT: side})
        assert shown(rules, forced).rule == shows
        first = traced(rules, forced)[0]
        assert (Lack.HOLDOUT in first.lacked) is (side == GENERIC)


def test_a_trace_shows_a_forced_arm_and_what_does_not_run() -> None:
    rules = trial(status="draft")

    assert traced(rules, arms(hero_copy="treatment")) == [Candidate("hero-copy-rule", ())]
    assert traced(rules, NOTHING_FORCED) == [Candidate("hero-copy-rule", (Lack.NOT_RUNNING,))]


def test_what_does_not_run_is_only_there_to_be_forced() -> None:
    whole = parsed(experiments=[experiment(status="draft")], rules=[delivering("hero-copy")])

    assert [len(rules.rules) for rules in (trial(status="draft"), compile_ruleset(whole, 1))] == [1, 0]
    assert shown(trial(status="draft"), NOTHING_FORCED).reason == Reason.DEFAULT


@pytest.mark.parametrize(
    "unknown",
    [
        Forced(stages={"nowhere": "known"}),
        Forced(stages={"purchase": "nowhere"}),
        Forced(segments={"nobody": True}),
        Forced(arms={"nothing": "control"}),
        Forced(arms={"hero-copy": "nothing"}),
        Forced(arms={HOLDOUT: "nothing"}),
    ],
)
def test_what_a_ruleset_does_not_know_does_not_fit(unknown: Forced) -> None:
    assert fitting(unknown, trial()) == NOTHING_FORCED


def test_what_a_ruleset_knows_fits() -> None:
    forced = Forced(
        stages={"purchase": "known"},
        segments={"buyer": True, "german": False},
        only=True,
        arms={"hero-copy": "control", HOLDOUT: GENERIC},
    )

    assert fitting(forced, trial()) == forced
