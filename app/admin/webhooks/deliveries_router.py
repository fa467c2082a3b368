"""What was sent to webhooks."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from app.admin.route import AdminRoute
from app.admin.webhooks import deliveries, examples
from app.admin.webhooks.router import Admin, Id
from app.admin.webhooks.schemas import Delivery
from app.web.paging import Listing, Paging
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/webhooks/{webhook_id}", tags=["webhooks"], route_class=AdminRoute)

DeliveryId = Annotated[UUID, Path(description="The id of a delivery, which is its `webhook-id`.")]


@router.get(
    "/deliveries",
    summary="List what was sent to a webhook, newest first",
    responses={**problems(401, 403, 404, 422, 503), 200: examples.DELIVERIES},
)
async def list_deliveries(caller: Admin, session: Session, webhook_id: Id, page: Paging) -> Listing[Delivery]:
    """List what was and is to be sent, with what came of the latest attempt. It is kept for 30 days."""
    return await deliveries.list_deliveries(session, caller, webhook_id, page)


@router.post(
    "/deliveries/{delivery_id}/resend",
    status_code=202,
    summary="Send a message again",
    responses={**problems(401, 403, 404, 409, 422, 503), 202: examples.DELIVERY},
)
async def resend(caller: Admin, session: Session, webhook_id: Id, delivery_id: DeliveryId) -> Delivery:
    """Send a message at once, whatever came of it before, under the same `webhook-id`.

    Where it fails it is tried for another day.
    """
    return await deliveries.resend(session, caller, webhook_id, delivery_id)


@router.post(
    "/ping",
    status_code=202,
    summary="Try a webhook out",
    responses={**problems(401, 403, 404, 409, 422, 503), 202: examples.DELIVERY},
)
async def ping(caller: Admin, session: Session, webhook_id: Id) -> Delivery:
    """Send a message of the type `ping`; its delivery says within moments what came of it."""
    return await deliveries.ping(session, caller, webhook_id)
