"""What a request says of the visitor's consent."""

from app.api.wire import ConsentBody
from app.decision.consent import ANALYTICS, PERSONALIZATION


def said(body: ConsentBody) -> dict[str, bool]:
    """List the purposes that are granted or denied; what is not said is left out."""
    answers = {PERSONALIZATION: body.personalization, ANALYTICS: body.analytics}
    return {purpose: answer for purpose, answer in answers.items() if answer is not None}
