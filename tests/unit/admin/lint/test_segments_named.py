"""Segments that name others, which name others again."""

from typing import Any

import pytest

from app.admin.lint.site import Site
from app.admin.lint.solve import Impossible, Shown
from app.admin.lint.terms import No
from tests.builders import NOW, parsed, segment

X = "traits.x"


@pytest.mark.parametrize(("end", "answer"), [({X: 1}, Shown), ({X: {"$in": []}}, Impossible)])
@pytest.mark.parametrize("length", [500, 1_500])
def test_segments_may_rest_on_thousands_of_others(end: dict[str, Any], answer: type, length: int) -> None:
    chain = [segment(f"s{n}", {"segments": {"$in": [f"s{n + 1}"]}}) for n in range(length)]
    site = Site(parsed(segments=[*chain, segment(f"s{length}", end)]), NOW)

    found = site.solver.meet([site.translation.of_segment("s0")], lambda visitor, _: "s0" in visitor.segments)

    assert isinstance(found, answer)


def test_a_segment_may_name_its_own_key_in_another_case() -> None:
    segments = [segment("vip", {"segments": {"$ini": ["VIP"]}}), segment("VIP", {X: 1})]
    translation = (site := Site(parsed(segments=segments), NOW)).translation

    beyond = [translation.of_segment("VIP"), No(translation.of_segment("vip"))]

    assert isinstance(site.solver.ask(beyond, lambda *_: True), Impossible)
