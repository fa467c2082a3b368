from pathlib import Path

from loadtests.answers import Assignment
from tests.faults.ledger import FAILURES_KEPT, Ledger, read_ledgers, write_ledger


def test_a_ledger_is_read_as_it_was_written(tmp_path: Path) -> None:
    ledger = Ledger("fault", visitors={"v-1"}, offered={"e-1", "e-2"}, accepted={"e-1"})
    ledger.assigned["d-1"] = (Assignment("hero", "control", 1),)
    ledger.answer("/decide", 0.5)
    write_ledger(tmp_path / "ledgers", ledger)

    assert read_ledgers(tmp_path / "ledgers") == [ledger]


def test_two_ledgers_share_nothing() -> None:
    first, second = Ledger("first"), Ledger("second")
    first.offered.add("e-1")

    assert not second.offered


def test_the_slowest_answer_of_each_path_is_kept() -> None:
    ledger = Ledger("fault")
    for path, took_s in (("/decide", 0.2), ("/decide", 0.1), ("/events", 0.4)):
        ledger.answer(path, took_s)

    assert ledger.answered == 3
    assert ledger.slowest_s == {"/decide": 0.2, "/events": 0.4}


def test_every_failure_is_counted_and_the_first_are_told() -> None:
    ledger = Ledger("fault")
    for number in range(FAILURES_KEPT + 5):
        ledger.fail(f"failure {number}")

    assert ledger.failed == FAILURES_KEPT + 5
    assert ledger.failures[0] == "failure 0"
    assert len(ledger.failures) == FAILURES_KEPT
