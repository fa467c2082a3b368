"""Of the texts made for a pattern one is found by it."""

import pytest

from app.admin.lint.patterns import texts_for
from app.engine.conditions import compile_condition


@pytest.mark.parametrize(
    "pattern",
    [
        "bikes",
        "^/bikes(/|$)",
        r"^/[a-z]{2}/\d+\.html$",
        "a|b",
        "(?i)sale",
        "(?:mail|news)-[0-9]{3,}",
        "(?P<name>x)y",
        r"^\w+\s\S?$",
        "[^a]b",
        r"[\]x]z",
        "a{2}b{0,1}c?d*e+f*?",
        "{x}",
        "[]a]",
        "",
        "((a)(b))",
    ],
)
def test_a_text_is_made_that_the_pattern_finds(pattern: str) -> None:
    texts = list(texts_for(pattern))

    holds = compile_condition({"x": {"$regex": pattern}})
    assert any(holds({"x": text}) for text in texts), texts


def test_each_alternative_has_its_text() -> None:
    assert list(texts_for("a(b|c)d|e")) == ["abd", "acd", "e"]


@pytest.mark.parametrize("pattern", ["(" * 100, "[abc", "a\\", "(?P<x", "a{", "*"])
def test_what_is_no_pattern_does_no_harm(pattern: str) -> None:
    assert len(list(texts_for(pattern))) <= 8
