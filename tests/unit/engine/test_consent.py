"""What is kept of an event, once it is known what its visitor had said of consent."""

from itertools import product

import pytest
from msgspec.structs import replace

from app.engine.consent import for_consent, granted, settled, unheard
from app.engine.profile import ConsentHeld
from app.engine.records import Unheard, is_unheard
from tests.builders import ruleset
from tests.unit.decision.asking import viewed

PURPOSES = ("personalization", "analytics")
ANSWERS: list[bool | None] = [None, True, False]
DEFAULTS = ["granted", "denied"]


Answers = tuple[bool | None, bool | None]


def held(answers: Answers) -> dict[str, ConsentHeld]:
    said = zip(PURPOSES, answers, strict=True)
    return {purpose: ConsentHeld(yes, 1) for purpose, yes in said if yes is not None}


@pytest.mark.parametrize("defaults", list(product(DEFAULTS, repeat=2)))
@pytest.mark.parametrize("said", list(product(ANSWERS, repeat=2)))
@pytest.mark.parametrize("holds", list(product(ANSWERS, repeat=2)))
def test_what_was_taken_in_unheard_ends_as_if_its_visitor_had_been_known(
    defaults: tuple[str, str], said: Answers, holds: Answers
) -> None:
    rules = ruleset(site={"consent": dict(zip(PURPOSES, defaults, strict=True))})
    says = {purpose: one.granted for purpose, one in held(said).items()}

    taken = for_consent(unheard([viewed()], says), granted(says, {}, rules))
    known = for_consent([viewed()], granted(says, held(holds), rules))

    # What the site and the request forbid together is not taken in at all.
    for event in taken:
        assert settled(event, held(holds)) == known


def test_an_answer_to_what_was_heard_changes_nothing() -> None:
    [event] = unheard([viewed()], {"analytics": True})

    assert event.unheard == Unheard(("personalization",))
    assert settled(event, held((None, False))) == [viewed()]


def test_what_was_heard_is_settled_as_it_is() -> None:
    event = replace(viewed(), profile_only=True)

    assert settled(event, held((False, True))) == [event]
    assert not is_unheard(event)
