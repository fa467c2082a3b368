import json
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz.report import Report


def written(folder: Path, *answers: tuple[str, int | None]) -> Path:
    """Write a report of one scenario; an operation that was not answered has no status."""
    cases: dict[str, Any] = {}
    interactions: dict[str, Any] = {}
    for number, (operation, status) in enumerate(answers):
        method, path = operation.split()
        cases[str(number)] = {"value": {"method": method, "path": path}}
        interactions[str(number)] = {"response": status and {"status_code": status}}
    scenario: dict[str, Any] = {
        "ScenarioFinished": {"recorder": {"cases": cases, "interactions": interactions}}
    }
    file = folder / "report.ndjson"
    file.write_text(f"{json.dumps({'Initialize': {}})}\n{json.dumps(scenario)}\n")
    return file


def test_every_request_of_every_run_counts(tmp_path: Path) -> None:
    report = Report()

    report.add(written(tmp_path, ("GET /rules", 200), ("GET /rules", 401)), failed=False)
    report.add(written(tmp_path, ("POST /rules", 422)), failed=False)

    assert (report.examples, report.failed) == (3, False)
    assert report.never_answered == ["POST /rules"]
    assert "3 examples of 2 operations (200: 1, 401: 1, 422: 1)" in str(report)


def test_a_method_that_a_path_has_none_of_is_no_operation(tmp_path: Path) -> None:
    file = written(tmp_path, ("TRACE /rules", 405), ("GET /rules", 200))
    of_trace = '{"value": {"method": "TRACE"'
    meta = '"meta": {"phase": {"data": {"scenario": "unspecified_http_method"}}}'
    file.write_text(file.read_text().replace(of_trace, f'{{"value": {{{meta}, "method": "TRACE"'))
    report = Report()

    report.add(file, failed=False)

    assert (report.examples, report.operations, report.never_answered) == (2, ["GET /rules"], [])


@pytest.mark.parametrize("status", [500, 503, None])
def test_what_broke_is_a_failure_whatever_the_run_says(tmp_path: Path, status: int | None) -> None:
    report = Report()

    report.add(written(tmp_path, ("GET /rules", status)), failed=False)

    assert report.failed
    assert report.broken == ["GET /rules"]


def test_a_failure_stays_one(tmp_path: Path) -> None:
    report = Report()

    for failed in (True, False):
        report.add(written(tmp_path, ("GET /rules", 200)), failed=failed)

    assert report.failed
    assert str(report).endswith("FAILED")
