"""What finding one plain text says of finding another."""

from itertools import product

import pytest

from app.admin.lint.plain import Plain, plain_in
from app.engine.conditions import compile_condition

PATTERNS = [
    "",
    "^",
    "$",
    "ab",
    "^ab",
    "ab$",
    "^ab$",
    "a",
    "^a$",
    "b$",
    "B",
    "^AB",
    "aB$",
    "^aB$",
    "/1",
    "^/1$",
]
OPERATORS = ["$regex", "$regexi"]
TEXTS = ["", "a", "A", "b", "ab", "Ab", "AB", "aB", "xab", "abx", "xabx", "abab", "/1", "x/1", "/1x", "baab"]


def plain(operator: str, pattern: str) -> Plain:
    found = plain_in(operator, pattern)
    assert found is not None
    return found


@pytest.mark.parametrize(("operator", "pattern"), [*product(OPERATORS, PATTERNS)])
def test_no_text_refutes_what_is_said_of_two(operator: str, pattern: str) -> None:
    one, holds = plain(operator, pattern), compile_condition({"x": {operator: pattern}})
    for other_operator, other_pattern in product(OPERATORS, PATTERNS):
        other, holds_too = (
            plain(other_operator, other_pattern),
            compile_condition({"x": {other_operator: other_pattern}}),
        )
        for text in TEXTS:
            found, found_too = holds({"x": text}), holds_too({"x": text})
            assert not (one.implies(other) and found and not found_too), (one, other, text)
            assert not (one.excludes(other) and found and found_too), (one, other, text)


@pytest.mark.parametrize(
    ("one", "other"),
    [("^/a/b", "^/a"), ("ab", "b"), ("xb$", "b$"), ("^ab$", "^a"), ("^ab$", "b$"), ("^a$", "^a$")],
)
def test_the_longer_text_has_the_shorter_one(one: str, other: str) -> None:
    assert plain("$regex", one).implies(plain("$regex", other))
    assert plain("$regex", one.upper()).implies(plain("$regexi", other))
    assert not plain("$regexi", one).implies(plain("$regex", other))


@pytest.mark.parametrize(
    ("one", "other"), [("^a", "^b"), ("a$", "b$"), ("^a$", "^b"), ("^a$", "b"), ("b", "^a$")]
)
def test_two_texts_may_exclude_each_other(one: str, other: str) -> None:
    assert plain("$regex", one).excludes(plain("$regexi", other))


def test_what_has_no_case_is_found_in_any() -> None:
    assert plain("$regexi", "^/1/a").implies(plain("$regex", "/1/"))


@pytest.mark.parametrize("pattern", ["a+", "(a)", "[ab]", "a|b", r"\d", "^^a", "ä", "a.b"])
def test_what_is_no_plain_text_is_none(pattern: str) -> None:
    assert plain_in("$regex", pattern) is None


def test_escapes_are_read() -> None:
    assert plain("$regex", r"^a\.b\?$") == Plain("a.b?", starts=True, ends=True, fold=False)
