import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.language import preferred_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de-AT"),
        ("en;q=0.8, de-AT, de;q=0.9", "de-AT"),
        ("en;q=0.8,fr;q=0.8", "en"),
        ("fr;q=0.5", "fr"),
        ("en ; Q = 0.1 , fr ; q=0.123456", "fr"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("*,de;q=0.5", "de"),
        ("de;q=0", None),
        ("*", None),
        ("", None),
    ],
)
def test_the_highest_weight_counts_and_of_equals_the_first(header: str, language: str | None) -> None:
    assert preferred_language(header) == language


@pytest.mark.parametrize(
    "garbage",
    [";;,", "de_AT", "de;q=much", "de;q=1.5", "de;q=-1", "de;level=1", "<script>", "\0", "x" * 9, "de-", "é"],
)
def test_what_cannot_be_read_does_not_count(garbage: str) -> None:
    assert preferred_language(garbage) is None
    assert preferred_language(f"{garbage},en;q=0.1") == "en"


@given(st.text(st.sampled_from("deq=;,.01*- \0é"), max_size=60))
def test_no_header_is_too_odd(header: str) -> None:
    found = preferred_language(header)

    assert found is None or found in header
