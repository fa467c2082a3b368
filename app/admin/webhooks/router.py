"""Webhooks, and the secrets that their messages are signed with."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Request, Response

from app.admin.idempotency import Idempotent
from app.admin.route import AdminRoute
from app.admin.webhooks import examples, service
from app.admin.webhooks.reach import Reach
from app.admin.webhooks.schemas import NewWebhook, Rotated, Rotation, Webhook, WebhookAdded, WebhookPatch
from app.admin.webhooks.service import Terms
from app.kit.clock import now
from app.web.auth import require
from app.web.etag import NOT_MODIFIED, Preconditions
from app.web.keyring import Caller, Role
from app.web.paging import Listing, Paging
from app.web.problem_schema import problems
from app.web.session import Session

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=AdminRoute)

Admin = Annotated[Caller, Depends(require(Role.ADMIN))]
Id = Annotated[UUID, Path(description="The id of a webhook.")]


async def _reach(request: Request) -> Reach:
    reach: Reach = request.app.state.webhook_reach
    return reach


Reaching = Annotated[Reach, Depends(_reach)]


async def _terms(precondition: Preconditions, reach: Reaching) -> Terms:
    return Terms(precondition, reach)


@router.get(
    "",
    summary="List webhooks, newest first",
    responses={**problems(401, 403, 422, 503), 200: examples.WEBHOOKS},
)
async def list_webhooks(caller: Admin, session: Session, page: Paging) -> Listing[Webhook]:
    """List who is told of what. Secrets are never among it."""
    return await service.list_webhooks(session, caller, page)


@router.post(
    "",
    status_code=201,
    summary="Add a webhook",
    responses={**problems(400, 401, 403, 409, 413, 415, 422, 503), 201: examples.NEW_WEBHOOK},
)
async def add(
    caller: Admin,
    session: Session,
    _once: Idempotent,
    reach: Reaching,
    added: Annotated[WebhookAdded, Body(openapi_examples=examples.ADDED)],
    response: Response,
) -> NewWebhook:
    """Tell a URL of what happens, by POST, as Standard Webhooks has it; the secret is answered this once.

    `revision.published`, also by a schedule; `revision.publish_failed`, of a schedule that could not be
    published; `experiment.status_changed`, of each experiment that a publish starts, stops or archives.

    Each message is `{"type", "timestamp", "data"}`, with the headers `webhook-id`, `webhook-timestamp` and
    `webhook-signature`. What is not answered with 2xx within 10 s is sent again for a day, less and less
    often, under the same `webhook-id`; 410 disables the webhook. Messages may come twice, and in any order.

    The URL is https, and leads to no private address; http is for this machine alone.
    """
    made = await service.add(session, caller, added, reach)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = f"/api/v1/webhooks/{made.id}"
    response.headers["ETag"] = '"1"'
    return made


@router.get(
    "/{webhook_id}",
    summary="Read a webhook",
    responses={**problems(401, 403, 404, 422, 503), **NOT_MODIFIED, 200: examples.WEBHOOK},
)
async def get_webhook(caller: Admin, session: Session, webhook_id: Id, response: Response) -> Webhook:
    """Answer a webhook, without its secret. The `ETag` is what a change needs."""
    webhook, response.headers["ETag"] = await service.get(session, caller, webhook_id)
    return webhook


@router.patch(
    "/{webhook_id}",
    summary="Change a webhook",
    responses={**problems(400, 401, 403, 404, 412, 413, 415, 422, 428, 503), 200: examples.WEBHOOK},
)
async def change(
    caller: Admin,
    session: Session,
    terms: Annotated[Terms, Depends(_terms)],
    webhook_id: Id,
    patch: Annotated[WebhookPatch, Body(openapi_examples=examples.PATCHED)],
    response: Response,
) -> Webhook:
    """Change where to, of what and whether at all; `If-Match` needs the ETag. What is left out stays."""
    webhook, response.headers["ETag"] = await service.change(session, caller, webhook_id, terms, patch)
    return webhook


@router.delete(
    "/{webhook_id}",
    status_code=204,
    summary="Remove a webhook",
    responses=problems(401, 403, 404, 412, 422, 428, 503),
)
async def remove(caller: Admin, session: Session, precondition: Preconditions, webhook_id: Id) -> None:
    """Tell this receiver nothing any more, not even what waits; `If-Match` needs the ETag."""
    await service.remove(session, caller, webhook_id, precondition)


@router.post(
    "/{webhook_id}/rotate",
    summary="Replace a webhook's secret",
    responses={**problems(400, 401, 403, 404, 409, 413, 415, 422, 503), 200: examples.ROTATED},
)
async def rotate(
    caller: Admin,
    session: Session,
    _once: Idempotent,
    webhook_id: Id,
    rotation: Annotated[Rotation, Body(openapi_examples=examples.ROTATION)],
    response: Response,
) -> Rotated:
    """Sign with a new secret, answered this once, and for `overlap_s` more seconds with the old ones too.

    `webhook-signature` then has several, one of which matches: the receiver has that long to change over.
    """
    response.headers["Cache-Control"] = "no-store"
    return await service.rotate(session, caller, webhook_id, rotation.overlap_s, now())
