"""Whether this process lives, can answer, and how it fares."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

Probe = Callable[[], Awaitable[object]]

PROBE_S = 1.0

router = APIRouter(tags=["operations"])


@router.get("/livez", summary="Whether the process answers at all")
async def livez() -> dict[str, str]:
    """Answer as long as the event loop turns."""
    return {"status": "ok"}


@router.get("/readyz", summary="Each part's state")
async def readyz(request: Request) -> JSONResponse:
    """Tell each part's state: 200 whatever is away, since that keeps no decision from being taken."""
    probes: Mapping[str, Probe] = request.app.state.probes
    states = await asyncio.gather(*(_state_of(probe) for probe in probes.values()))
    status = "ok" if all(state == "ok" for state in states) else "degraded"
    return JSONResponse({"status": status, "parts": dict(zip(probes, states, strict=True))})


async def _state_of(probe: Probe) -> str:
    try:
        async with asyncio.timeout(PROBE_S):
            return "ok" if await probe() else "down"
    except Exception as error:  # noqa: BLE001 - a probe may fail in any way, and each way means the same: down
        return f"down: {type(error).__name__}"


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Write this process's metrics as text."""
    await request.app.state.journal_lag.look()
    registry: CollectorRegistry = request.app.state.metrics
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
