"""`GET /docs`: the API for people to read and try, from this service alone."""

from pathlib import Path

from fastapi import APIRouter, Response

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).parent / "docs_page"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
# Nothing but what this service answers is loaded, run or asked, and nobody frames it.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_FILES = {path.name: path.read_bytes() for path in _FOLDER.iterdir() if path.suffix in _TYPES}


@router.get("/docs")
async def page() -> Response:
    """Answer the page, which reads `/openapi.json`."""
    return _answer("index.html")


@router.get("/docs/{name}")
async def part(name: str) -> Response:
    """Answer a part of the page."""
    return _answer(name) if name in _FILES else Response(status_code=404)


def _answer(name: str) -> Response:
    return Response(_FILES[name], headers=_HEADERS, media_type=_TYPES[Path(name).suffix])
