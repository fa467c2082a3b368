import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from loadtests.own_journeys import own_journeys
from loadtests.report import Report

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Report]:
    """Replay the small set as a newcomer does, through a service of its own."""
    file = tmp_path_factory.mktemp("replay") / "report.json"
    command = [sys.executable, "-m", "loadtests.replay", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr + done.stdout
    return done, msgspec.json.decode(file.read_bytes(), type=Report)


Demo = tuple[subprocess.CompletedProcess[str], Report]


def test_every_request_is_answered(demo: Demo) -> None:
    steps = own_journeys()
    _, report = demo
    assert report.source.visitors == 40
    assert report.requests["/events"].sent == len(steps)
    assert report.requests["/decide"].sent == sum(bool(step.placements) for step in steps)
    assert [requests.failed for requests in report.requests.values()] == [0, 0]
    assert report.failures == []


def test_every_assignment_answered_is_stored_exactly_once(demo: Demo) -> None:
    stored = demo[1].reconciliation["assignments"]
    assert stored.answered == stored.stored > 0
    assert stored.exact


def test_every_event_taken_is_stored_exactly_once(demo: Demo) -> None:
    stored = demo[1].reconciliation["events"]
    assert stored.answered == stored.stored == len(own_journeys())
    assert stored.exact
    assert demo[1].duplicates == 0


def test_visitors_move_forward_skip_and_come_back(demo: Demo) -> None:
    _, report = demo
    assert {move.kind for move in report.transitions} == {"forward", "skipping", "backward"}
    # On a busy machine somebody may have had decisions without the profile only.
    assert 0 < sum(report.stages.values()) <= 40


def test_every_arm_has_visitors_and_results(demo: Demo) -> None:
    _, report = demo
    taken = {(line.experiment, line.arm) for line in report.arms}
    assert {("hero-copy", "control"), ("hero-copy", "treatment"), ("$holdout", "personalized")} <= taken
    units = {(line.experiment, line.arm): line.units for line in report.results if line.metric == "orders"}
    assert all(units[line.experiment, line.arm] == line.visitors for line in report.arms)


def test_the_report_is_printed_and_progress_shown(demo: Demo) -> None:
    done, _ = demo
    assert "Nothing failed; everything answered is in PostgreSQL exactly once." in done.stdout
    assert "requests, 0 failed" in done.stderr
