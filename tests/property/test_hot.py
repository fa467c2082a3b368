"""The profiles at hand against a dict that forgets nothing."""

from collections import OrderedDict
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from app.profiles.hot import BODY_BYTES, Hot, _size

LIMIT = 8
KEYS = [f"k{number}" for number in range(3 * LIMIT)]
SIZES = st.sampled_from([1, 10, 1_000, 3 * BODY_BYTES, LIMIT * BODY_BYTES])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(KEYS), SIZES),
        st.tuples(st.just("find"), st.sampled_from(KEYS), st.just(0)),
        st.tuples(st.just("drop"), st.sampled_from(KEYS), st.just(0)),
        st.tuples(st.just("clear"), st.just(""), st.just(0)),
    ),
    max_size=200,
)


def play(hot: Hot, everything: dict[str, bytes], step: tuple[str, str, int], number: int) -> None:
    action, key, size = step
    if action == "put":
        everything[key] = number.to_bytes(2) * size
        hot.put(key, everything[key])
    elif action == "drop":
        everything.pop(key, None)
        hot.drop([key.encode()])
    elif action == "clear":
        everything.clear()
        hot.clear()
    else:
        assert hot.find(key) in (None, everything.get(key))


@given(STEPS)
def test_it_holds_nothing_but_what_was_put_last_and_no_more_than_it_may(
    steps: Sequence[tuple[str, str, int]],
) -> None:
    hot, everything = Hot(LIMIT), dict[str, bytes]()
    for number, step in enumerate(steps):
        play(hot, everything, step, number)

        held = hot._young | hot._old
        assert held.items() <= everything.items()
        assert len(held) == len(hot) <= LIMIT
        assert hot._room == LIMIT * BODY_BYTES - sum(_size(*item) for item in held.items()) >= 0


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(KEYS)), max_size=200))
def test_those_stay_that_were_asked_for_last(asked: Sequence[tuple[bool, str]]) -> None:
    hot, by_use = Hot(LIMIT), OrderedDict[str, None]()
    for is_put, key in asked:
        if is_put:
            hot.put(key, b"x")
            by_use[key] = None
        else:
            hot.find(key)
        if key in by_use:
            by_use.move_to_end(key)
        if len(by_use) > LIMIT:
            by_use.popitem(last=False)

        assert hot._young.keys() | hot._old.keys() == by_use.keys()


def test_what_was_forgotten_at_once_is_freed_by_those_who_come() -> None:
    hot = Hot(100)
    for _ in range(5):
        for number in range(100):
            hot.put(f"k{number}", b"x")
            assert len(hot) + sum(map(len, hot._gone)) <= 100
        hot.clear()
    for number in range(100):
        hot.put(f"k{number}", b"x")

    assert not hot._gone
    assert len(hot) == 100


def test_one_that_holds_nothing_takes_nothing() -> None:
    hot = Hot(0)

    hot.put("k", b"x")

    assert hot.find("k") is None
    assert not hot
