import pytest
from msgspec.structs import replace

from loadtests.reconcile import Comparison
from tests.faults.ledger import Ledger
from tests.faults.profiles import Compared
from tests.faults.reconcile import differences_of
from tests.faults.report import Row, table_of
from tests.faults.stores import Outcome

EXACT = Comparison(answered=10, stored=10)
OUTCOME = Outcome(EXACT, EXACT, 0, Compared(cached=3, durable=3))


def _row(ledger: Ledger, outcome: Outcome = OUTCOME, *notes: str) -> Row:
    return Row("kill -9 of a worker", 2, ledger, outcome, list(notes))


def test_requests_that_died_with_their_worker_and_refused_events_leave_a_row_clean() -> None:
    assert _row(Ledger("fault", answered=20, cut=3, refused=5)).clean


@pytest.mark.parametrize(
    "outcome",
    [
        replace(OUTCOME, events=Comparison(answered=10, stored=9, missing=1)),
        replace(OUTCOME, assignments=Comparison(answered=10, stored=10, different=1)),
        replace(OUTCOME, assignments=Comparison(answered=10, stored=11, surplus=1)),
        replace(OUTCOME, doubled_offers=1),
        replace(OUTCOME, profiles=Compared(cached_differ=["v-1: events 1 instead of 2"])),
        replace(OUTCOME, profiles=Compared(durable_differ=["v-1: events 1 instead of 2"])),
    ],
)
def test_a_row_is_not_clean_where_the_stores_differ(outcome: Outcome) -> None:
    assert not _row(Ledger("fault"), outcome).clean
    assert differences_of(Ledger("fault"), outcome)


def test_a_failed_request_or_a_fault_that_did_not_come_about_spoils_a_row() -> None:
    failed = Ledger("fault")
    failed.fail("/decide: 500")

    assert not _row(failed).clean
    assert not _row(Ledger("fault"), OUTCOME, "not injected: there is no shipper").clean


def test_a_table_has_a_line_for_each_row_and_says_below_what_is_wrong() -> None:
    failed = Ledger("fault", answered=20, slowest_s={"/decide": 0.123})
    failed.fail("/decide: 500")
    lines = table_of([_row(failed), _row(Ledger("fault"))]).splitlines()

    assert lines[0].split()[:4] == ["fault", "times", "answered", "degraded"]
    assert lines[1].startswith("kill -9 of a worker")
    assert "0.12 s" in lines[1]
    assert lines[3:] == ["kill -9 of a worker: /decide: 500"]


def test_nothing_differs_where_everything_is_stored_once() -> None:
    assert differences_of(Ledger("fault"), OUTCOME) == []
