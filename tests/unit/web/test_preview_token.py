"""Tokens of preview links: whoever did not sign them cannot make or change one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.forced import Forced
from app.web.preview_token import LONGEST, PreviewLink, read_token, sign
from tests.builders import DAY, NOW, SECOND

SECRET = "the site's own"
TOMORROW = PreviewLink(expires_at=NOW + DAY)
EVERYTHING = PreviewLink(
    expires_at=NOW + DAY,
    revision=7,
    at=NOW + 90 * DAY,
    forced=Forced(
        stages={"purchase": "decision"}, segments={"buyer": True, "new": False}, only=True, arms={"hero": "b"}
    ),
)

names = st.text(max_size=20)


@pytest.mark.parametrize("link", [TOMORROW, EVERYTHING])
def test_a_token_says_what_was_signed(link: PreviewLink) -> None:
    assert read_token(sign(link, SECRET), SECRET, NOW) == link


@given(
    stages=st.dictionaries(names, names, max_size=3),
    segments=st.dictionaries(names, st.booleans(), max_size=3),
    only=st.booleans(),
    arms=st.dictionaries(names, names, max_size=3),
)
def test_whatever_is_forced_is_read_as_it_was_signed(
    stages: dict[str, str],
    segments: dict[str, bool],
    *,
    only: bool,
    arms: dict[str, str],
) -> None:
    forced = Forced(stages=stages, segments=segments, only=only, arms=arms)
    link = PreviewLink(expires_at=NOW + DAY, forced=forced)

    assert read_token(sign(link, SECRET), SECRET, NOW) == link


def test_links_that_are_about_hold_whichever_version_reads_them() -> None:
    token = (
        "pv1.eyJ4IjoxNzczMjMwNDAwMDAwLCJyIjo3LCJ0IjoxNzgwOTIwMDAwMDAwLCJqIjp7InB1cmNoYXNlIjoiZGVjaXNpb24ifSwi"
        "cyI6eyJidXllciI6dHJ1ZSwibmV3IjpmYWxzZX0sIm8iOnRydWUsImEiOnsiaGVybyI6ImIifX0.AXF-MhJ1KXkxbvsUZFNp-g"
    )

    assert read_token(token, SECRET, NOW) == EVERYTHING
    assert sign(EVERYTHING, SECRET) == token


def test_a_token_is_small_and_can_stand_in_an_address() -> None:
    token = sign(EVERYTHING, SECRET)

    assert len(sign(TOMORROW, SECRET)) < 60
    assert len(token) < 250
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def test_a_token_holds_until_it_expires() -> None:
    token = sign(TOMORROW, SECRET)

    assert read_token(token, SECRET, NOW + DAY - SECOND) is not None
    assert read_token(token, SECRET, NOW + DAY) is None


def test_only_the_secret_that_signed_a_token_reads_it() -> None:
    token = sign(TOMORROW, SECRET)

    assert read_token(token, "another", NOW) is None
    assert read_token(token, "", NOW) is None
    assert read_token(token, None, NOW) is None


def test_whatever_is_changed_of_a_token_nobody_signed() -> None:
    token = sign(EVERYTHING, SECRET)

    for place, letter in enumerate(token):
        changed = token[:place] + ("A" if letter != "A" else "B") + token[place + 1 :]
        assert read_token(changed, SECRET, NOW) is None
        assert read_token(token[:place], SECRET, NOW) is None


@pytest.mark.parametrize(
    "garbage", ["", ".", "pv1.", "pv1..", "pv2.e30.x", "é" * 40, "pv1.é.é", "\ud800", "x" * 100_000]
)
def test_garbage_is_no_token(garbage: str) -> None:
    assert read_token(garbage, SECRET, NOW) is None


def test_what_is_longer_than_any_link_is_not_even_looked_at() -> None:
    forced = Forced(arms={f"experiment-{number}": "treatment" for number in range(200)})
    token = sign(PreviewLink(expires_at=NOW + DAY, forced=forced), SECRET)

    assert len(token) > LONGEST
    assert read_token(token, SECRET, NOW) is None
