"""How records of many visitors change their profiles, merges among them."""

from itertools import permutations
from uuid import RFC_4122

import pytest
from msgspec.structs import replace

from app.engine.profile import Profile
from app.engine.records import Assignment, CapDelivery, Event, Merge, Record, Unmerge, order_of
from app.engine.ruleset import Ruleset
from app.kit.clock import ms_of
from app.profiles.fold import fold
from app.profiles.merge import joined, left_behind
from app.profiles.together import Moved, ProfileKey, fold_together, keys_of
from tests.builders import MINUTE, NOW, assignment, journey, ruleset, segment

NOW_MS = ms_of(NOW)
RULES = ruleset(
    journeys=[
        journey(
            "first",
            {"key": "second", "when": {"events.v.count": {"$gte": 2}}},
            {"key": "third", "when": {"events.v.count": {"$gte": 3}}},
        )
    ]
)


def viewed(visitor: str, minutes: int, site: int = 1) -> Event:
    at_ms = NOW_MS + minutes * 60_000
    return Event(site, visitor, f"{visitor}-{minutes}", "v", {}, at_ms, at_ms)


def merged(device: str, into: str, minutes: int, site: int = 1) -> Merge:
    return Merge(site, device, f"m-{device}-{minutes}", into, NOW_MS + minutes * 60_000)


def taken(visitor: str, arm: str, minutes: int) -> Assignment:
    return assignment("e", arm, NOW + minutes * MINUTE, visitor=visitor)


class Together:
    """Profiles that start empty, and what is told of them."""

    def __init__(self, *records: Record, rules: Ruleset | None = RULES) -> None:
        self.profiles: dict[ProfileKey, Profile] = {
            key: Profile() for record in records for key in keys_of(record)
        }
        self.moves = fold_together(self.profiles, records, lambda _: rules)

    def of(self, visitor: str, site: int = 1) -> Profile:
        return self.profiles[site, visitor]

    def told(self) -> list[tuple[str, str]]:
        return [(moved.visitor, moved.move.stage) for moved in self.moves]


def test_each_visitor_has_records_of_their_own() -> None:
    mine, others, elsewhere = viewed("v", 1), viewed("w", 2), viewed("v", 3, site=2)
    together = Together(mine, others, elsewhere)

    assert together.of("v") == fold(Profile(), [mine], RULES)
    assert together.of("w") == fold(Profile(), [others], RULES)
    assert together.of("v", site=2) == fold(Profile(), [elsewhere], RULES)


def test_a_record_concerns_its_visitor_and_a_merge_both_sides() -> None:
    assert keys_of(viewed("v", 1)) == ((1, "v"),)
    assert keys_of(merged("v", "u", 1)) == ((1, "v"), (1, "u"))
    assert keys_of(Unmerge(1, "v", "m", "u", 1)) == ((1, "v"), (1, "u"))


def test_a_merge_takes_over_what_came_before_it() -> None:
    first, second, after = viewed("v", 1), viewed("v", 2), viewed("u", 4)
    together = Together(first, second, merge := merged("v", "u", 3), after)

    device = fold(Profile(), [first, second], RULES)
    user, _ = joined(Profile(), device, merge.at_ms, RULES)
    assert together.of("v") == left_behind(device, "u")
    assert together.of("u") == fold(user, [after], RULES)


def test_what_the_device_does_afterwards_is_its_own() -> None:
    together = Together(viewed("v", 1), merged("v", "u", 2), viewed("v", 3))

    assert [together.of(who).counters["v"].count for who in "vu"] == [1, 1]
    assert together.of("v").owner == "u"


def test_news_of_a_device_go_over_with_the_next_merge() -> None:
    together = Together(viewed("v", 1), merged("v", "u", 2), viewed("v", 3), merged("v", "u", 4))

    assert together.of("u").counters["v"].count == 2
    assert together.of("v").counters == {}


def test_a_second_user_of_a_device_starts_fresh() -> None:
    together = Together(
        viewed("v", 1), merged("v", "u", 2), viewed("v", 3), merged("v", "w", 4), viewed("w", 5)
    )

    assert together.of("w") == fold(Profile(), [viewed("w", 5)], RULES)
    assert together.of("v").owner == "u"
    assert together.of("v").counters["v"].count == 1


def test_a_user_takes_over_many_devices() -> None:
    devices = [f"v-{number}" for number in range(5)]
    together = Together(
        *(viewed(device, minutes) for minutes, device in enumerate(devices)),
        *(merged(device, "u", 10) for device in devices),
    )

    assert together.of("u").counters["v"].count == 5
    assert {together.of(device).owner for device in devices} == {"u"}


def test_what_happened_at_one_instant_is_folded_in_the_order_of_ids() -> None:
    rules = ruleset(segments=[segment("asks", {"events.v.last_from": 1})])
    events = [replace(viewed("v", 1), id=id_, properties={"from": id_}) for id_ in ("b", "ä", "A")]
    one, other = (replace(taken("v", arm, 1), decision_id=id_) for arm, id_ in (("a", "01"), ("b", "02")))
    in_order: list[Record] = [one, other, events[2], events[0], events[1]]
    for records in permutations(in_order):
        together = Together(*records, rules=rules)
        assert together.of("v") == fold(Profile(), in_order, rules)
        assert together.of("v").counters["v"].latest == {"from": "ä"}
        assert together.of("v").arms["e"].arm == "a"


def test_instants_come_before_ids() -> None:
    records = [replace(viewed("v", minutes), id=id_) for minutes, id_ in ((3, "m"), (1, "z"), (2, "a"))]

    assert [record.id for record in sorted(records, key=order_of)] == ["z", "a", "m"]


@pytest.mark.parametrize("id_", ["a", "z"])
def test_a_merge_takes_over_what_stands_before_it_whatever_the_ids(id_: str) -> None:
    before, after = (replace(viewed("v", 1), id=id_), replace(viewed("v", 1), id=id_ + "2"))
    together = Together(before, merged("v", "u", 1), after)

    assert [together.of(who).counters["v"].count for who in "vu"] == [1, 1]


def test_what_comes_with_a_merge_finds_what_was_taken_over_whenever_it_happened() -> None:
    stages = {"key": "warm", "when": {"events.v.count": 1}, "stay": {"events.v.count": {"$gte": 1}}}
    rules = ruleset(journeys=[journey("new", stages)])
    with_it = replace(viewed("u", 2), received_ms=NOW_MS + 3 * 60_000)
    together = Together(viewed("v", 1), with_it, merged("v", "u", 3), rules=rules)

    assert together.of("u").counters["v"].count == 2
    assert together.of("u").stages["purchase"].stage == "warm"
    assert together.told() == [("v", "warm")]


def test_what_the_device_tells_afterwards_is_its_own_whenever_it_happened() -> None:
    told = replace(viewed("v", 2), received_ms=NOW_MS + 4 * 60_000)

    for records in ((told, merged("v", "u", 3)), (merged("v", "u", 3), told)):
        together = Together(viewed("v", 1), *records)
        assert [together.of(who).counters["v"].count for who in "vu"] == [1, 1]

    among_others = Together(viewed("v", 1), told, merged("w", "u", 2), merged("v", "u", 3))
    assert [among_others.of(who).counters["v"].count for who in "vu"] == [1, 1]

    again = Together(viewed("v", 1), told, merged("v", "u", 3), merged("v", "u", 5))
    assert again.of("u").counters["v"].count == 2


def test_the_earliest_arm_wins_whichever_device_it_was_taken_on() -> None:
    together = Together(
        taken("v", "b", 1), taken("w", "a", 2), merged("w", "u", 3), merged("v", "u", 4), taken("u", "a", 5)
    )

    assert together.of("u").arms["e"].arm == "b"
    assert [together.of(device).arms["e"].arm for device in "vw"] == ["b", "a"]


def test_a_device_that_nobody_knows_has_an_owner_afterwards() -> None:
    together = Together(merged("v", "u", 1))

    assert (together.of("v"), together.of("u")) == (Profile(owner="u"), Profile(traits_ms=NOW_MS + 60_000))


def test_an_undoing_is_left_to_those_who_know_all_records() -> None:
    records: list[Record] = [viewed("v", 1), merged("v", "u", 2)]

    undone = Together(*records, Unmerge(1, "v", "m", "u", NOW_MS))

    assert undone.profiles == Together(*records).profiles


def test_changes_of_stage_are_told_with_who_moved_and_under_which_revision() -> None:
    together = Together(viewed("v", 1), viewed("u", 2), viewed("v", 3))

    assert together.told() == [("v", "first"), ("v", "second"), ("u", "first")]
    assert {(moved.site, moved.revision) for moved in together.moves} == {(1, RULES.revision)}


def test_a_merge_tells_where_it_moved_the_user() -> None:
    together = Together(viewed("v", 1), viewed("v", 2), viewed("u", 3), merged("v", "u", 4))

    moved = together.moves[-1]
    assert (moved.visitor, moved.move.came_from, moved.move.stage) == ("u", "first", "third")
    assert moved.move.at_ms == NOW_MS + 4 * 60_000


def test_what_came_before_a_merge_is_told_before_it() -> None:
    together = Together(viewed("v", 1), viewed("u", 2), merged("v", "u", 3), viewed("u", 4))

    assert together.told() == [("v", "first"), ("u", "first"), ("u", "second"), ("u", "third")]


def test_each_site_has_a_ruleset_of_its_own() -> None:
    records = [
        record
        for site in (1, 2, 3)
        for record in (viewed("v", 1, site), viewed("u", 2, site), merged("v", "u", 3, site))
    ]
    profiles = {key: Profile() for record in records for key in keys_of(record)}
    rulesets = {1: RULES, 2: ruleset(journeys=[journey("alone", key="other")])}

    moves = fold_together(profiles, records, rulesets.get)

    assert [(moved.site, moved.visitor, moved.move.stage) for moved in moves] == [
        (1, "v", "first"),
        (1, "u", "first"),
        (1, "u", "second"),
        (2, "v", "alone"),
        (2, "u", "alone"),
    ]


def test_a_refused_merge_tells_nothing() -> None:
    records: list[Record] = [viewed("v", 1), merged("v", "u", 2)]

    assert Together(*records, merged("v", "w", 3)).moves == Together(*records).moves


def test_without_a_ruleset_nobody_moves() -> None:
    together = Together(viewed("v", 1), merged("v", "u", 2), rules=None)

    assert (together.moves, together.of("u").events) == ([], 1)


def test_a_change_of_stage_has_an_id_of_its_cause() -> None:
    records: list[Record] = [viewed("v", 1), viewed("u", 1), viewed("v", 2), viewed("v", 1, site=2)]
    ids = [moved.id for moved in Together(*records).moves]

    assert ids == [moved.id for moved in Together(*records).moves]
    assert len(set(ids)) == len(ids) == 4
    assert {(id_.version, id_.variant) for id_ in ids} == {(5, RFC_4122)}


def test_the_id_of_a_change_knows_no_revision() -> None:
    """A fold that is done again may be under another ruleset: what it tells is still the same change."""
    [moved] = Together(viewed("v", 1)).moves

    assert Moved(moved.site, moved.visitor, 99, moved.move).id == moved.id


def test_caps_are_counted_for_the_user_from_both_sides() -> None:
    def delivered(visitor: str, at_ms: int) -> CapDelivery:
        return CapDelivery(1, visitor, f"c-{at_ms}", "r", "d", at_ms)

    together = Together(delivered("v", 1), delivered("u", 2), merged("v", "u", 0), delivered("u", 3))

    assert (together.of("u").caps, together.of("v").caps) == ({"r": [1, 2, 3]}, {"r": [1]})
