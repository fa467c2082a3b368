"""A record that PostgreSQL refuses holds up nothing but itself."""

import msgspec
import pytest

from app.engine.records import CapDelivery, Record
from tests.integration.ship_cases import Case, ids_of, mistake
from tests.unit.journal.journalled import assignment, event, inputs, new_assignments, new_events

# Of a site that nobody has, so that no other test has anything to do with them.
UNSTORABLE = {
    "text that no column holds": (event(site=0, visitor="a\0b"), "CharacterNotInRepertoireError"),
    "text that no document holds": (event(site=0, properties={"a": "\0"}), "UntranslatableCharacterError"),
    "a number that is too large": (event(site=2**40), "DataError"),
    "an instant that is too late": (event(site=0, at_ms=2**60), "OverflowError"),
    "a decision without an id": (assignment("nobody's", site=0), "ValueError"),
    "a change without an id": (CapDelivery(0, "v-1", "nobody's", "r", "d", 0), "ValueError"),
    "a visitor that no column holds": (inputs(site=0, visitor="a\0b"), "CharacterNotInRepertoireError"),
    "a phase that is too large": (assignment(site=0, phase=2**20), "OverflowError"),
}


@pytest.mark.parametrize(("bad", "reason"), UNSTORABLE.values(), ids=UNSTORABLE)
async def test_a_record_that_is_refused_is_set_aside_and_all_others_arrive(
    case: Case, bad: Record, reason: str
) -> None:
    good: list[Record] = [*new_events(case.site, 3), *new_assignments(case.site, 3)]
    journal = case.new_journal()
    await journal.append([*good[:4], bad, *good[4:]])
    assert await case.shipper.ship_once() == 6
    assert await case.events() + await case.decisions() == ids_of(good[:3]) + ids_of(good[3:])
    assert case.fold.records == good
    [kept] = case.kept()
    [line] = kept.read_bytes().splitlines()
    told = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    assert msgspec.json.decode(told["reason"]).startswith(reason)
    assert msgspec.json.decode(told["record"], type=type(bad)) == bad


async def test_a_record_that_was_refused_is_not_tried_again(case: Case) -> None:
    journal = case.new_journal()
    await journal.append([event(visitor="\0")])
    for _ in range(2):
        assert await case.shipper.ship_once() == 0
    assert (case.shipper.refused, case.shipper.lag_bytes) == (1, 0)
    assert len(case.kept()[0].read_bytes().splitlines()) == 1
    journal.close()
    await case.new_shipper().ship_once()
    assert case.streams() == []


async def test_many_that_are_refused_hold_up_nothing(case: Case) -> None:
    good = new_events(case.site, 8)
    bad = [event(f"bad-{number}", visitor="\0") for number in range(8)]
    mixed = [record for pair in zip(good, bad, strict=True) for record in pair]
    await case.new_journal().append(mixed)
    assert await case.shipper.ship_once() == 8
    assert case.fold.records == good
    assert case.shipper.refused == 8


async def test_a_mistake_of_the_fold_costs_no_record(case: Case) -> None:
    sent = new_events(case.site, 2)
    await case.new_journal().append(sent)
    case.fold.next_time(mistake)
    with pytest.raises(ValueError, match="no fault"):
        await case.shipper.ship_once()
    assert (case.shipper.refused, case.kept()) == (0, [])
    assert await case.shipper.ship_once() == 2


async def test_a_refused_record_among_known_ones_is_set_aside_too(case: Case) -> None:
    known, bad = new_events(case.site, 3), event("bad", site=case.site, visitor="a\0b")
    journal = case.new_journal()
    await journal.append(known)
    await case.shipper.ship_once()
    await journal.append([*known, bad, *new_events(case.site, 1)])
    await case.shipper.ship_once()
    assert (case.shipper.refused, len(case.kept())) == (1, 1)
    assert len(await case.events()) == len(case.fold.records) == 4
