"""What the public edge works with, once everything is open."""

import msgspec

from app.api.whereabouts import NOWHERE, Whereabouts
from app.decision.decide import Decide
from app.decision.observe import Observe
from app.decision.preview import Preview
from app.rulesets.live import LiveRulesets
from app.rulesets.previewed import PreviewedRulesets
from app.web.keyring import Keyring


class Parts(msgspec.Struct, frozen=True):
    """The use cases and the look-ups that the edge itself needs."""

    decide: Decide
    observe: Observe
    preview: Preview
    rulesets: LiveRulesets
    previewed: PreviewedRulesets
    keyring: Keyring
    whereabouts: Whereabouts = NOWHERE
