from typing import Any

import pytest

from app.admin.details import ReadableChanges, details_of
from app.admin.difference import difference
from app.cli.config_text import SECRET, differs, lines_of


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What the service would answer."""
    change = difference(before, after)
    return ReadableChanges(**dict(change.pointers()), details=details_of(change)).model_dump()


def text(answered: dict[str, Any]) -> list[str]:
    return list(lines_of(answered, colourful=False))


def test_each_resource_is_told_with_what_becomes_of_it() -> None:
    before = {"rules": [{"key": "gone"}, {"key": "r", "priority": 1, "note": "old", "cap": None}]}
    after = {"rules": [{"key": "r", "priority": 2, "cap": None, "theme": "Frühling"}, {"key": "new"}]}
    assert text(changes(before, after)) == [
        '- rules/gone: {"key": "gone"}',
        "~ rules/r",
        "    ~ /priority: 1 → 2",
        '    - /note: "old"',
        '    + /theme: "Frühling"',
        '+ rules/new: {"key": "new"}',
        "1 added, 1 changed, 1 removed",
    ]


def test_an_order_alone_is_a_difference() -> None:
    answered = changes({"rules": [{"key": "a"}, {"key": "b"}]}, {"rules": [{"key": "b"}, {"key": "a"}]})
    assert differs(answered)
    assert text(answered) == ["~ rules: in another order", "0 added, 0 changed, 0 removed"]


def test_nothing_is_told_of_nothing() -> None:
    answered = changes({"site": {}}, {"site": {}})
    assert not differs(answered)
    assert text(answered) == ["no difference"]


def test_a_secret_is_told_to_be_there_and_counts_for_nothing() -> None:
    answered = {**changes({}, {}), "changed": [SECRET]}
    assert not differs(answered)
    assert text(answered) == ["~ site/identity_secret: given, and never compared", "no difference"]


def test_what_is_shortened_stands_as_it_begins_and_what_is_cut_is_told() -> None:
    rules = [{"key": f"r{number}", "note": "x" * 1_000} for number in range(1_001)]
    told = text(changes({}, {"rules": rules}))
    assert told[0].startswith('+ rules/r0: {"key":"r0","note":"xxx')
    assert told[0].endswith("x…")
    assert told[-2:] == ["… and more", "1001 added, 0 changed, 0 removed"]


def test_a_control_character_never_reaches_the_terminal() -> None:
    for line in text(changes({}, {"rules": [{"key": "r", "note": "\x1b[2J\x07"}]})):
        assert line.isprintable()


@pytest.mark.parametrize(("sign", "colour"), [("+", "32"), ("-", "31"), ("~", "33")])
def test_with_colours_each_line_has_the_one_of_its_sign(sign: str, colour: str) -> None:
    answered = changes(
        {"rules": [{"key": "a"}, {"key": "b", "x": 1}]}, {"rules": [{"key": "b", "x": 2}, {"key": "c"}]}
    )
    lines = [line for line in lines_of(answered, colourful=True) if f"m{sign} rules" in line]
    assert [line.startswith(f"\x1b[{colour}m") and line.endswith("\x1b[0m") for line in lines] == [True]
