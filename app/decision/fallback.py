"""What a page gets where nothing has been published yet."""

from collections.abc import Iterable

from app.engine.decision import NOTHING, Choice, Decision
from app.engine.reasons import Reason


def nothing_published(placements: Iterable[str]) -> Decision:
    """Leave every placement to the page's own default content; revision 0 stands for none."""
    choice = Choice(None, NOTHING, Reason.DEFAULT)
    return Decision(0, None, {}, (), dict.fromkeys(placements, choice), ())
