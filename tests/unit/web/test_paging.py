import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.paging import Page, cursor_of
from app.web.problems import WrongContentError


@given(st.integers(min_value=-(2**63), max_value=2**63 - 1))
def test_a_place_comes_back_from_its_cursor(place: int) -> None:
    assert Page(cursor=cursor_of(place)).after(int) == place


def test_a_cursor_can_hold_several_values() -> None:
    assert Page(cursor=cursor_of(["2026-11-21", 7])).after(list[str | int]) == ["2026-11-21", 7]


def test_a_cursor_needs_no_escaping_in_an_address() -> None:
    assert all(c.isalnum() or c in "-_=" for c in cursor_of("\u00ff\u00fe>>>???"))


def test_the_first_page_starts_after_nothing() -> None:
    assert Page().after(int) is None


@pytest.mark.parametrize("cursor", ["", "%%", "x", "é", "AAAA", base64.b64encode(b'"seven"').decode()])
def test_what_is_no_cursor_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(WrongContentError) as raised:
        Page(cursor=cursor).after(int)
    assert raised.value.errors[0].pointer == "query:cursor"


@given(st.text())
def test_no_cursor_whatever_breaks_anything(cursor: str) -> None:
    with suppress(WrongContentError):
        Page(cursor=cursor).after(int)
