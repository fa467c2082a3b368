from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.answers import Assignment, Choice, Decided, Results, Seen, Taken, read_results
from loadtests.reconcile import Comparison
from loadtests.report import ArmResult, ArmUnits, Report, Source, arm_results, build_report, percentile
from loadtests.report_text import report_text, table
from loadtests.steps import Step
from loadtests.tally import FAILURES_SHOWN, Tally
from loadtests.transitions import Transition

MakeStep = Callable[..., Step]
STAGES = ("awareness", "consideration", "decision")
SOURCE = Source(name="day.csv", events=1_234, visitors=2, concurrency=8, workers=1)
EXACT = {"assignments": Comparison(2, 2), "events": Comparison(3, 3)}
RESULTS = msgspec.json.encode(
    {
        "experiment": "hero",
        "metrics": [
            {
                "metric": "orders",
                "arms": [
                    {"arm": "control", "units": 10, "mean": 0.1},
                    {"arm": "treatment", "units": 12, "mean": None},
                ],
                "comparisons": [{"arm": "treatment", "difference": 0.05, "p_value": None}],
            }
        ],
        "verdict": {"call": "keep_running", "why": "too early"},
    }
)


def decided(decision: str, stage: str, *given: Assignment, degraded: tuple[str, ...] = ()) -> Decided:
    choices = {"home.hero": Choice("experiment"), "site.banner": Choice("default")}
    return Decided(decision, 1, Seen(stage), choices, given, degraded)


@pytest.fixture
def tally(make_step: MakeStep) -> Tally:
    """Three events and three decisions of two visitors, one decision failed."""
    tally = Tally(STAGES)
    one, other = make_step("one", step_id="s:1"), make_step("other", step_id="s:2")
    tally.latencies_s["/events"].extend([0.001, 0.002, 0.003])
    tally.latencies_s["/decide"].extend([0.004, 0.004, 0.1])
    tally.taken(one, Taken(1, 0))
    tally.taken(other, Taken(0, 1))
    tally.decided(one, decided("d1", "consideration", Assignment("hero", "a", 1)))
    tally.decided(one, decided("d2", "consideration", Assignment("hero", "a", 1), degraded=("profile",)))
    tally.fail("/decide", "s:2: 503 away")
    return tally


def build(tally: Tally, reconciliation: dict[str, Comparison] | None = None) -> Report:
    return build_report(SOURCE, 2.0, tally, reconciliation or EXACT, {"hero": read_results(RESULTS)})


def test_a_percentile_is_the_nearest_rank() -> None:
    ordered = [float(value) for value in range(1, 101)]
    assert [percentile(ordered, share) for share in (0.5, 0.95, 0.99, 1, 0)] == [50, 95, 99, 100, 1]
    assert percentile([7.0], 0.99) == 7
    assert percentile([], 0.5) is None


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_is_a_value_that_its_share_does_not_exceed(values: list[float], share: float) -> None:
    ordered = sorted(values)
    found = percentile(ordered, share)
    assert found in ordered
    assert found is not None
    assert sum(value <= found for value in ordered) >= share * len(ordered)


def test_requests_are_counted_with_their_failures_and_latencies(tally: Tally) -> None:
    requests = build(tally).requests
    assert (requests["/events"].sent, requests["/events"].failed) == (3, 0)
    assert (requests["/decide"].sent, requests["/decide"].failed) == (3, 1)
    assert requests["/decide"].p50_ms == pytest.approx(4)
    assert requests["/decide"].p99_ms == pytest.approx(100)


def test_only_decisions_that_were_answered_make_the_rate(tally: Tally) -> None:
    assert build(tally).decisions_per_s == 1.0


def test_a_replay_without_a_request_has_no_latency_and_no_rate() -> None:
    report = build_report(SOURCE, 0.0, Tally(STAGES), EXACT, {})
    assert report.requests["/events"].p50_ms is None
    assert report.decisions_per_s == 0


def test_arms_count_visitors_once_and_assignments_each_time(tally: Tally) -> None:
    assert build(tally).arms == [ArmUnits("hero", "a", 1, 2)]


def test_stages_transitions_and_answers_are_those_of_the_decisions(tally: Tally) -> None:
    report = build(tally)
    assert report.stages == {"awareness": 0, "consideration": 1, "decision": 0}
    assert report.transitions == [Transition("forward", "awareness", "consideration", 1)]
    assert report.reasons == {"experiment": 2, "default": 2}
    assert report.degraded == {"profile": 1}
    assert report.duplicates == 1


def test_a_decision_that_tells_no_stage_moves_nobody(make_step: MakeStep) -> None:
    tally = Tally(STAGES)
    tally.decided(make_step(), Decided("d", 1, Seen(None), {}, ()))
    assert build(tally).transitions == []
    assert tally.assigned == {}


def test_a_decision_without_its_profile_moves_nobody(make_step: MakeStep) -> None:
    tally = Tally(STAGES)
    tally.decided(make_step(), decided("d1", "decision"))
    tally.decided(make_step(), decided("d2", "awareness", degraded=("profile",)))
    assert build(tally).stages["decision"] == 1
    assert [move.kind for move in build(tally).transitions] == ["skipping"]


def test_results_become_a_line_for_each_metric_and_arm() -> None:
    assert arm_results("hero", read_results(RESULTS)) == [
        ArmResult("hero", "orders", "control", 10, 0.1, None, None),
        ArmResult("hero", "orders", "treatment", 12, None, 0.05, None),
    ]


def test_results_without_metrics_have_no_line() -> None:
    empty = msgspec.json.decode(b'{"metrics": [], "verdict": {"call": "broken"}}', type=Results)
    assert arm_results("hero", empty) == []


def test_a_replay_is_sound_where_nothing_failed_and_all_is_stored_once() -> None:
    assert build(Tally(STAGES)).sound


def test_a_failed_request_is_not_sound(tally: Tally) -> None:
    assert not build(tally).sound


def test_results_that_cannot_be_read_are_not_sound() -> None:
    tally = Tally(STAGES)
    tally.fail("results", "404")
    assert not build(tally).sound


@pytest.mark.parametrize("what", ["missing", "doubled", "different", "surplus"])
def test_a_store_that_differs_is_not_sound(what: str) -> None:
    wrong = msgspec.structs.replace(Comparison(3, 3), **{what: 1})
    report = build(Tally(STAGES), EXACT | {"events": wrong})
    assert not report.sound
    assert "NOT SOUND" in report_text(report)


def test_the_first_failures_are_kept_in_words_and_all_are_counted() -> None:
    tally = Tally(STAGES)
    for turn in range(20):
        tally.fail("/events", f"s:{turn}")
    assert tally.failures == [f"/events: s:{turn}" for turn in range(FAILURES_SHOWN)]
    assert tally.failed["/events"] == 20
    tally.fail("results", "404")
    assert tally.failures[-1] == "results: 404"


def test_the_text_says_what_the_report_says(tally: Tally) -> None:
    text = report_text(build(tally))
    for line in (
        "Replay of day.csv: 1,234 events of 2 visitors",
        "against a service of its own with 1 worker, 8 at once, in 2.0 s",
        "decisions per second: 1",
        "degraded decisions: profile 1",
        "placements answered by: experiment 2, default 2",
        "events known before: 1",
        "hero: keep_running: too early",
        "failed: /decide: s:2: 503 away",
    ):
        assert line in text.splitlines()


def test_visitors_whose_stage_was_never_told_are_counted_too(tally: Tally, make_step: MakeStep) -> None:
    assert "(unknown)                1" in report_text(build(tally)).splitlines()
    tally.decided(make_step("other"), decided("d3", "decision"))
    assert "(unknown)" not in report_text(build(tally))


def test_the_text_of_a_sound_replay_says_so() -> None:
    assert report_text(build(Tally(STAGES))).endswith("in PostgreSQL exactly once.")


def test_a_replay_against_a_running_service_names_no_workers() -> None:
    source = msgspec.structs.replace(SOURCE, workers=None)
    text = report_text(build_report(source, 1.0, Tally(STAGES), EXACT, {}))
    assert "against a running service, 8 at once" in text


def test_a_table_aligns_words_left_and_figures_right() -> None:
    assert table(("what", "n", "share"), [("a", 1_000, 0.25), ("long", -1, None)]) == [
        "what      n  share",
        "a     1,000   0.25",
        "long     -1      -",
    ]


def test_a_report_can_be_read_back_from_json(tally: Tally) -> None:
    report = build(tally)
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report
