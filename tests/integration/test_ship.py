"""The way of the journal to PostgreSQL, as long as nothing goes wrong."""

from uuid import UUID

import msgspec
import pytest

from app.engine.records import Inputs, ProfileChange, Record
from app.journal.ship import BATCH_RECORDS
from app.kit.clock import instant_of
from tests.integration.ship_cases import Case, fail, ids_of
from tests.sites import SiteFactory
from tests.unit.journal.journalled import event, new_assignments, new_events, new_rest


async def test_an_event_arrives_as_it_was(case: Case) -> None:
    [sent] = new_events(case.site, 1, properties={"value": 59.9, "tags": ["ä", None]}, results_only=True)
    await case.new_journal().append([sent])
    await case.shipper.ship_once()
    [row] = await case.pool.fetch(
        "SELECT *, properties->>'value' AS value FROM events WHERE id = $1", sent.id
    )
    assert dict(row) | {"properties": None} == {
        "site_id": case.site,
        "id": sent.id,
        "visitor": "v-1",
        "name": "page_viewed",
        "properties": None,
        "value": "59.9",
        "at": instant_of(sent.at_ms),
        "received_at": instant_of(sent.received_ms),
        "trusted": False,
        "profile_only": False,
        "results_only": True,
    }


async def test_an_assignment_arrives_as_it_was(case: Case) -> None:
    [sent] = new_assignments(case.site, 1)
    await case.new_journal().append([sent])
    await case.shipper.ship_once()
    query = "SELECT *, stages->>'purchase' AS purchase FROM assignments WHERE decision_id = $1"
    [row] = await case.pool.fetch(query, sent.decision_id)
    assert dict(row) | {"stages": None} == {
        "site_id": case.site,
        "decision_id": UUID(sent.decision_id),
        "experiment": "hero-copy",
        "unit": "v-1",
        "visitor": "v-1",
        "arm": "treatment",
        "phase": 1,
        "revision": 7,
        "first": True,
        "stage": "decision",
        "stages": None,
        "purchase": "decision",
        "segments": ["returning", "big, spender"],
        "device": "mobile",
        "country": None,
        "at": instant_of(sent.at_ms),
        "results_only": False,
    }


async def test_an_assignment_that_serves_results_alone_says_so(case: Case) -> None:
    await case.new_journal().append(new_assignments(case.site, 1, results_only=True))
    await case.shipper.ship_once()
    query = "SELECT results_only FROM assignments WHERE site_id = $1"
    assert await case.pool.fetchval(query, case.site)


async def test_changes_of_profiles_arrive_as_they_were(case: Case) -> None:
    *sent, _ = new_rest(case.site)
    await case.new_journal().append(sent)
    await case.shipper.ship_once()
    query = 'SELECT record, "into" FROM profile_changes WHERE site_id = $1 AND visitor = $2 ORDER BY id'
    rows = await case.pool.fetch(query, case.site, "v-1")
    assert [msgspec.json.decode(row["record"], type=ProfileChange) for row in rows] == sent
    assert [row["into"] for row in rows] == [None, None, None, "u-1", "u-1"]


async def test_what_a_decision_was_taken_on_arrives_byte_for_byte(case: Case) -> None:
    *_, sent = new_rest(case.site)
    assert isinstance(sent, Inputs)
    await case.new_journal().append([sent])
    await case.shipper.ship_once()
    [row] = await case.pool.fetch("SELECT * FROM decisions WHERE site_id = $1", case.site)
    assert dict(row) == {
        "site_id": case.site,
        "id": UUID(sent.decision_id),
        "visitor": "v-1",
        "revision": 7,
        "asked": bytes(sent.asked),
        "at": instant_of(sent.at_ms),
    }


async def test_each_kind_of_record_is_stored_once_in_a_batch_too(case: Case) -> None:
    sent: list[Record] = [*new_events(case.site, 1), *new_assignments(case.site, 1), *new_rest(case.site)]
    await case.new_journal().append([record for record in sent for _ in range(2)])
    await case.shipper.ship_once()
    assert case.fold.records == sent


async def test_there_may_be_nothing_to_ship(case: Case) -> None:
    assert await case.shipper.ship_once() == 0
    case.new_journal()
    assert await case.shipper.ship_once() == 0


async def test_only_what_came_since_is_shipped(case: Case) -> None:
    journal, sent = case.new_journal(), new_events(case.site, 5)
    await journal.append(sent[:2])
    assert await case.shipper.ship_once() == 2
    assert await case.shipper.ship_once() == 0
    await journal.append(sent[2:])
    assert await case.shipper.ship_once() == 3
    assert case.fold.batches == [sent[:2], sent[2:]]
    assert case.shipper.shipped == 5


async def test_the_lag_is_what_is_not_stored(case: Case) -> None:
    journal = case.new_journal()
    await journal.append(new_events(case.site, 3))
    await case.shipper.ship_once()
    assert case.shipper.lag_bytes == 0
    case.fold.next_time(fail)
    before = journal.bytes
    await journal.append(new_events(case.site, 1))
    with pytest.raises(ZeroDivisionError):
        await case.shipper.ship_once()
    assert case.shipper.lag_bytes == journal.bytes - before


async def test_a_mark_tells_when_all_is_stored_that_was_there_then(case: Case) -> None:
    journal = case.new_journal()
    await journal.append(new_events(case.site, 1))
    are_stored = case.shipper.mark()
    assert not are_stored()

    await case.shipper.ship_once()
    await journal.append(new_events(case.site, 1))
    assert are_stored()
    assert not case.shipper.mark()()

    are_stored = case.shipper.mark()
    journal.close()
    await case.shipper.ship_once()
    await case.shipper.ship_once()
    assert are_stored()
    assert case.shipper.mark()()


async def test_what_rests_on_records_gets_them_in_journal_order(case: Case) -> None:
    events, assignments = new_events(case.site, 2), new_assignments(case.site, 2)
    sent: list[Record] = [assignments[1], events[1], assignments[0], events[0]]
    await case.new_journal().append(sent)
    await case.shipper.ship_once()
    assert case.fold.batches == [sent]


async def test_a_batch_that_fails_leaves_nothing_and_is_shipped_the_next_time(case: Case) -> None:
    sent: list[Record] = [*new_events(case.site, 2), *new_assignments(case.site, 2)]
    await case.new_journal().append(sent)
    case.fold.next_time(fail)
    with pytest.raises(ZeroDivisionError):
        await case.shipper.ship_once()
    assert await case.events() + await case.decisions() + await case.positions() == []
    assert await case.shipper.ship_once() == 4
    assert await case.events() + await case.decisions() == ids_of(sent[:2]) + ids_of(sent[2:])
    assert case.fold.records == sent


async def test_an_event_sent_twice_counts_once_and_as_it_came_first(case: Case) -> None:
    [first] = new_events(case.site, 1, name="first")
    again = event(first.id, site=case.site, name="again", at_ms=first.at_ms + 1)
    journal = case.new_journal()
    await journal.append([first, again])
    await journal.append([again])
    await case.shipper.ship_once()
    await case.new_journal().append([again])
    await case.shipper.ship_once()
    rows = await case.pool.fetch("SELECT name FROM events WHERE id = $1", first.id)
    assert [row["name"] for row in rows] == ["first"]
    assert case.fold.records == [first]


async def test_an_id_is_a_sites_own(case: Case, new_site: SiteFactory) -> None:
    other = (await new_site()).site_id
    [mine] = new_events(case.site, 1)
    await case.new_journal().append([mine, event(mine.id, site=other, at_ms=mine.at_ms)])
    assert await case.shipper.ship_once() == 2
    assert [record.site for record in case.fold.records] == [case.site, other]


async def test_all_streams_are_shipped(case: Case) -> None:
    sent = new_events(case.site, 6)
    for start in range(0, 6, 2):
        await case.new_journal().append(sent[start : start + 2])
    assert await case.shipper.ship_once() == 6
    assert await case.events() == ids_of(sent)


async def test_many_records_are_shipped_in_batches(case: Case) -> None:
    sent = new_events(case.site, BATCH_RECORDS + 1)
    await case.new_journal(segment_bytes=2**30).append(sent)
    assert await case.shipper.ship_once() == BATCH_RECORDS + 1
    assert [len(batch) for batch in case.fold.batches] == [BATCH_RECORDS, 1]
    assert await case.events() == ids_of(sent)
