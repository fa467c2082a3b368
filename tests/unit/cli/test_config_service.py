import httpx
import pytest

from app.cli.config_service import ConfigService
from app.cli.terminal import CommandError

URL = "http://signpost"


def refused(response: httpx.Response) -> tuple[int, str]:
    """What becomes of an answer."""
    transport = httpx.MockTransport(lambda _: response)
    with ConfigService(URL, "sk_key", transport) as service, pytest.raises(CommandError) as raised:
        service.get("application/yaml")
    return raised.value.code, str(raised.value)


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 1), (409, 1), (412, 1), (413, 1), (422, 1), (401, 2), (403, 2), (404, 2), (503, 2)],
)
def test_the_code_says_whether_the_file_is_at_fault(status: int, code: int) -> None:
    assert refused(httpx.Response(status, json={"detail": "so it is"})) == (
        code,
        f"GET {URL}/api/v1/config: {status} so it is",
    )


def test_each_wrong_place_stands_on_a_line() -> None:
    errors = [{"pointer": "", "message": "is wrong"}, {"pointer": "/rules/0", "message": "is so too"}]
    _, text = refused(httpx.Response(422, json={"detail": "wrong", "errors": errors}))
    assert text.splitlines()[1:] == ["  /: is wrong", "  /rules/0: is so too"]


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"{}"])
def test_an_answer_of_somebody_else_is_told_by_its_status(content: bytes) -> None:
    assert refused(httpx.Response(502, content=content)) == (2, f"GET {URL}/api/v1/config: 502 Bad Gateway")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nowhere", "ftp://127.0.0.1", "http://[", "http://:x"])
def test_who_cannot_be_asked_is_named(url: str) -> None:
    with (
        pytest.raises(CommandError, match="cannot be asked") as raised,
        ConfigService(url, "sk_key") as service,
    ):
        service.get("application/yaml")
    assert raised.value.code == 2


def test_a_key_that_is_none_is_told() -> None:
    with pytest.raises(CommandError, match="cannot be asked"):
        ConfigService(URL, "sk_schlüssel…")
