"""What a request says of the visitor's consent."""

from app.api.wire import ConsentBody
from app.engine.consent import ANALYTICS, PERSONALIZATION


def said(body: ConsentBody) -> dict[str, bool]:
    """List the purposes that are granted or denied; what is not said is left out."""
    purposes: dict[str, bool] = {}
    if body.personalization is not None:
        purposes[PERSONALIZATION] = body.personalization
    if body.analytics is not None:
        purposes[ANALYTICS] = body.analytics
    return purposes
