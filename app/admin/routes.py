"""All of /api/v1."""

from fastapi import APIRouter

from app.admin.config.router import router as config
from app.admin.decisions.router import router as decisions
from app.admin.impact.router import router as impact
from app.admin.keys.router import router as keys
from app.admin.lint.router import router as lint
from app.admin.planning.router import router as planning
from app.admin.preview.router import router as preview
from app.admin.preview_links.router import router as preview_links
from app.admin.profiles.router import router as profiles
from app.admin.resources.router import resources
from app.admin.results.router import router as results
from app.admin.revisions.router import router as revisions
from app.admin.revisions.scheduled_router import router as scheduled
from app.admin.sizes.router import router as sizes
from app.admin.trail.router import router as trail
from app.admin.webhooks.deliveries_router import router as deliveries
from app.admin.webhooks.router import router as webhooks
from app.web.problem_schema import problems


def admin_router() -> APIRouter:
    """Mount every admin feature."""
    router = APIRouter(prefix="/api/v1", responses=problems(422, 429))
    router.include_router(config)
    # Before the revisions, whose numbers stand at the same place of the path.
    router.include_router(scheduled)
    router.include_router(impact)
    router.include_router(revisions)
    router.include_router(sizes)
    router.include_router(results)
    router.include_router(planning)
    router.include_router(decisions)
    router.include_router(preview)
    router.include_router(preview_links)
    router.include_router(lint)
    router.include_router(profiles)
    router.include_router(keys)
    router.include_router(trail)
    router.include_router(webhooks)
    router.include_router(deliveries)
    # Last, since a path of another feature may stand where a key would.
    router.include_router(resources())
    return router
