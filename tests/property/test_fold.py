"""What holds of every profile, whatever a visitor does and however it is split and repeated."""

from copy import deepcopy
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from app.engine.counters import DAY_MS, count_within, reader_of
from app.engine.profile import Profile
from app.engine.records import CapDelivery, ConsentSaid, Merge, Record, TraitsSet, Unmerge
from app.kit.clock import ms_of
from app.profiles.codec import decode_profile, encode_profile
from app.profiles.fold import fold
from app.profiles.merge import joined
from tests.builders import NOW, assignment, event, journey, profile, ruleset, segment, traits_set, visitor

RULES = ruleset(
    segments=[
        segment(
            "asks",
            {
                "events.a.count_3d": 1,
                "events.a.count_since_b": 1,
                "events.a.sum_value": 1,
                "events.a.last_value": 1,
                "events.b.count_1d": 1,
                "events.b.last_at": None,
            },
        )
    ],
    journeys=[
        journey(
            "first",
            {"key": "second", "when": {"events.a.count_1d": {"$gte": 2}}, "min_dwell_s": 3_600},
            {
                "key": "third",
                "when": {"events.a.count_since_b": {"$gte": 3}},
                "stay": {"events.b.count_1d": {"$gte": 1}},
                "decay_after_days": 1,
            },
        )
    ],
)

EXAMPLES = settings(max_examples=60, deadline=None)
MINUTES = st.integers(-4 * 24 * 60, 0)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


def changes(at_ms: int) -> list[st.SearchStrategy[Record]]:
    who = (st.just(1), st.just("v-1"), st.uuids().map(str))
    names, at = st.sampled_from("rs"), st.just(at_ms)
    said, traits = st.dictionaries(names, st.booleans()), st.dictionaries(names, JSON)
    return [
        st.builds(Merge, *who, st.just("u-1"), at),
        st.builds(Unmerge, *who, st.just("u-1"), at),
        st.builds(CapDelivery, *who, names, st.just("d-1"), at),
        st.builds(ConsentSaid, *who, said, at),
        st.builds(TraitsSet, *who, traits, at),
    ]


@st.composite
def happened(draw: st.DrawFn) -> Record:
    at = NOW + timedelta(minutes=draw(MINUTES))
    kind = draw(st.sampled_from(["a", "a", "b", "c", "arm", "change"]))
    if kind == "arm":
        return assignment(draw(st.sampled_from("ef")), draw(st.sampled_from("xy")), at)
    if kind == "change":
        return draw(st.one_of(changes(ms_of(at))))
    return event(kind, at, **draw(st.dictionaries(st.sampled_from(["value", "other"]), JSON, max_size=2)))


RECORDS = st.lists(happened(), max_size=25)


@EXAMPLES
@given(records=RECORDS, cuts=st.lists(st.integers(0, 25), max_size=6).map(sorted))
def test_any_split_into_batches_gives_the_same_profile(records: list[Record], cuts: list[int]) -> None:
    whole = fold(Profile(), records, RULES)

    parts = Profile()
    for start, end in pairwise([0, *cuts, len(records)]):
        parts = fold(parts, records[start:end], RULES) if start < end else parts
    stored = Profile()
    for record in records:
        stored = decode_profile(encode_profile(fold(stored, [record], RULES)))

    assert repr(parts) == repr(whole) == repr(stored)


@EXAMPLES
@given(records=RECORDS, more=RECORDS)
def test_the_profile_given_is_never_changed(records: list[Record], more: list[Record]) -> None:
    before = fold(Profile(), records, RULES)
    copied = deepcopy(before)

    fold(before, more, RULES)

    assert repr(before) == repr(copied)


@EXAMPLES
@given(records=RECORDS)
def test_arms_and_consent_are_the_same_in_whatever_order_records_arrive(records: list[Record]) -> None:
    """Of two at one instant, whichever comes first or last may win: here no two are."""
    apart = [replace(record, at_ms=record.at_ms + n) for n, record in enumerate(records)]
    forward, backward = fold(Profile(), apart, RULES), fold(Profile(), apart[::-1], RULES)

    assert (forward.arms, forward.consent, forward.caps) == (backward.arms, backward.consent, backward.caps)
    assert forward.events == backward.events


@EXAMPLES
@given(records=RECORDS, more=RECORDS)
def test_whoever_takes_over_has_all_that_was_counted(records: list[Record], more: list[Record]) -> None:
    device, user = fold(Profile(), records, RULES), fold(Profile(), more, RULES)
    together, _ = joined(user, device, ms_of(NOW), RULES)
    alone = fold(Profile(), sorted([*records, *more], key=lambda one: one.at_ms), RULES)

    assert together.events == alone.events
    assert (together.first_ms, together.last_event_ms) == (alone.first_ms, alone.last_event_ms)
    for name, counter in together.counters.items():
        assert (counter.count, counter.last_ms) == (alone.counters[name].count, alone.counters[name].last_ms)
        assert count_within(1)(counter, ms_of(NOW)) == count_within(1)(alone.counters[name], ms_of(NOW))


@EXAMPLES
@given(ages=st.lists(MINUTES, max_size=60), later=st.integers(0, 5 * 24 * 60))
def test_windows_are_exact_in_whatever_order_events_arrive(ages: list[int], later: int) -> None:
    now_ms = ms_of(NOW + timedelta(minutes=later))
    at_ms = [ms_of(NOW + timedelta(minutes=age)) for age in ages]
    counter = profile(RULES, *(event("a", NOW + timedelta(minutes=age)) for age in ages)).counters.get("a")

    for days in (1, 2, 3):
        expected = sum(now_ms - days * DAY_MS < at <= now_ms for at in at_ms)
        assert (0 if counter is None else count_within(days)(counter, now_ms)) == expected


@EXAMPLES
@given(names=st.lists(st.sampled_from("ab"), max_size=40))
def test_counts_since_are_those_after_the_latest_other(names: list[str]) -> None:
    events = [event(name, NOW + timedelta(minutes=n)) for n, name in enumerate(names)]
    counter = profile(RULES, *events).counters.get("a")
    after = "".join(names).rpartition("b")[2]

    assert counter is None or reader_of("count_since_b")(counter, 0) == len(after)
    assert counter is not None or "a" not in names


@EXAMPLES
@given(records=RECORDS, context=st.dictionaries(st.text(max_size=5), JSON, max_size=3))
@example(records=[traits_set()], context={})  # who stands on a journey and has done nothing yet
def test_whatever_was_folded_can_be_stored_and_seen(records: list[Record], context: dict[str, Any]) -> None:
    remembered = fold(Profile(), records, RULES)

    seen = visitor(RULES, decode_profile(encode_profile(remembered)), context)

    assert seen.stage in {"first", "second", "third"}
    for held in remembered.stages.values():
        assert held.since_ms <= remembered.settled_ms
