"""All of /api/v1."""

from fastapi import APIRouter

from app.admin.config.router import router as config
from app.admin.decisions.router import router as decisions
from app.admin.lint.router import router as lint
from app.admin.preview.router import router as preview
from app.admin.profiles.router import router as profiles
from app.admin.results.router import router as results
from app.admin.revisions.router import router as revisions
from app.web.problem_schema import problems


def admin_router() -> APIRouter:
    """Mount every admin feature."""
    router = APIRouter(prefix="/api/v1", responses=problems(429))
    router.include_router(config)
    router.include_router(revisions)
    router.include_router(results)
    router.include_router(decisions)
    router.include_router(preview)
    router.include_router(lint)
    router.include_router(profiles)
    return router
