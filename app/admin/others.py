"""The rulesets besides those in force, as routes come by them."""

from typing import Annotated

from fastapi import Depends, Request

from app.rulesets.others import OtherRulesets


async def _others(request: Request) -> OtherRulesets:
    others: OtherRulesets = request.app.state.other_rulesets
    return others


Others = Annotated[OtherRulesets, Depends(_others)]
