"""What a decision was taken on is kept, and read again as it was."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from app.decision.explain import traces_of
from app.decision.inputs import decode_basis, encode_basis
from app.engine.context import ZONE
from app.engine.evaluate import evaluate
from app.engine.records import Inputs
from tests.builders import rule, ruleset, segment
from tests.unit.decision.asking import Asking, experimenting, telling, viewed


def kept(asking: Asking) -> list[Inputs]:
    return [record for record in asking.journal.records if isinstance(record, Inputs)]


async def test_a_decision_with_an_experiment_is_kept_and_told_again_alike() -> None:
    published = experimenting()
    asking = Asking(published)
    await asking.views("e-1", "e-2")

    decided = await asking.decide(
        context={"country": "DE", "attributes": {"cart": 2.5}}, events=[viewed("e-3")]
    )

    [inputs] = kept(asking)
    assert (inputs.decision_id, inputs.revision) == (decided.decision_id, published.revision)
    basis = decode_basis(bytes(inputs.asked))
    assert basis == decided.basis
    again = evaluate(published, basis.seen_by(published), basis.placements, refused=basis.refused)
    assert again == decided.decision


async def test_a_decision_without_one_is_kept_only_where_it_is_sampled() -> None:
    none, all_ = Asking(telling()), Asking(telling(), sampled=100)

    for asking in (none, all_):
        await asking.decide()

    assert (len(kept(none)), len(kept(all_))) == (0, 1)


async def test_of_whom_nothing_may_be_kept_no_decision_is() -> None:
    asking = Asking(telling(), sampled=100)

    await asking.decide(consent={"personalization": False, "analytics": False})
    await asking.decide(visitor="v-robot", countable=False)

    assert kept(asking) == []


async def test_without_a_revision_there_is_nothing_to_tell_again() -> None:
    asking = Asking(None, sampled=100)

    await asking.decide()

    assert kept(asking) == []


async def test_what_is_nested_without_end_is_decided_on_and_not_kept() -> None:
    pit: dict[str, Any] = {}
    for _ in range(100_000):
        pit = {"p": pit}
    asking = Asking(experimenting())

    decided = await asking.decide(context={"attributes": pit})

    assert (len(decided.decision.arms), kept(asking)) == (1, [])
    while pit:
        pit = pit["p"]


async def test_what_is_unusually_large_is_decided_on_and_not_kept() -> None:
    asking = Asking(experimenting())
    for size in (200_000, 300_000):
        decided = await asking.decide(context={"attributes": {"x": "y" * size}})
        assert len(decided.decision.arms) == 1

    assert [len(inputs.asked) > 200_000 for inputs in kept(asking)] == [True]


async def test_what_was_refused_is_kept_too() -> None:
    asking = Asking(ruleset(rules=[rule("once", cap={"count": 1})]), sampled=100)
    asking.caps.away = True

    await asking.decide()

    assert decode_basis(bytes(kept(asking)[0].asked)).refused == {"once"}


async def test_the_clock_of_the_visitor_is_the_same_when_told_again() -> None:
    basis = (await Asking(telling()).decide()).basis
    in_tokyo = msgspec.structs.replace(
        basis, context={"timezone": "Asia/Tokyo", ZONE: ZoneInfo("Asia/Tokyo")}
    )

    again = decode_basis(encode_basis(in_tokyo))

    assert again == in_tokyo
    asking = ruleset(segments=[segment("evening", {"context.hour": 21})])
    assert again.seen_by(asking).segments == ["evening"]


def test_what_is_no_basis_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_basis(b'{"profile": 3}')


async def test_a_decision_is_explained_rule_by_rule() -> None:
    asking = Asking(telling())
    basis = (await asking.decide()).basis

    [candidate] = (await traces_of(basis, telling()))["home.hero"]
    assert (candidate.rule, candidate.lacked) == ("offer", ("segment",))
    assert await traces_of(basis, None) == {"home.hero": ()}


async def test_what_is_no_value_is_not_passed_over() -> None:
    basis = (await Asking(telling()).decide()).basis

    with pytest.raises(NotImplementedError):
        encode_basis(msgspec.structs.replace(basis, context={"attributes": object()}))
