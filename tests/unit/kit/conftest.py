import pytest

from tests.unit.kit.wire import Worker


@pytest.fixture(params=[False, True], ids=["by ASGI", "directly"])
def both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Ask the apps of workers by ASGI alone, and directly where that can be."""
    is_direct: bool = request.param
    monkeypatch.setattr(Worker, "is_direct", is_direct)
    return is_direct
