from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from app.kit.clock import EPOCH
from app.kit.ids import id_at, instant_in, new_id

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def test_ids_are_uuids_of_version_7() -> None:
    assert {UUID(new_id()).version, UUID(id_at(NOON)).version} == {7}


def test_no_id_is_made_twice() -> None:
    assert len({new_id() for _ in range(1_000)} | {id_at(NOON) for _ in range(1_000)}) == 2_000


def test_ids_sort_by_their_instant() -> None:
    instants = [NOON + timedelta(milliseconds=by) for by in (-1_000, -1, 0, 1, 1_000)]

    assert sorted(ids := [id_at(instant) for instant in instants]) == ids


@pytest.mark.parametrize("early", [EPOCH, EPOCH - timedelta(days=1), datetime(1, 1, 1, tzinfo=UTC)])
def test_whatever_was_before_1970_sorts_as_1970(early: datetime) -> None:
    assert id_at(early).startswith("00000000-0000-7")


@pytest.mark.parametrize("year", [1970, 2262, 2263, 2554, 2555, 9999])
def test_an_id_can_be_made_for_any_year(year: int) -> None:
    before, after = id_at(datetime(year, 1, 1, tzinfo=UTC)), id_at(datetime(year, 12, 31, tzinfo=UTC))

    assert before < after


def test_the_instant_can_be_read_out_of_an_id() -> None:
    at = NOON + timedelta(milliseconds=5)

    assert instant_in(id_at(at + timedelta(microseconds=999))) == at


@pytest.mark.parametrize(
    "text",
    ["", "garbage", pytest.param(str(uuid4()), id="uuid4"), "ffffffff-ffff-7000-8000-000000000000", "\ud800"],
)
def test_what_is_no_id_of_ours_has_no_instant(text: str) -> None:
    assert instant_in(text) is None
