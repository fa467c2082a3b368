"""One attempt to bring a message to a receiver."""

import ssl
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import pytest_asyncio

from app.admin.webhooks.post import ANSWER_BYTES, Answer, Post
from app.admin.webhooks.reach import Address, Reach
from tests.receiver import HANG, answer, receiving

TLS = Path(__file__).parents[3] / "tls"
HERE = Reach((ip_network("127.0.0.0/8"),))


@pytest_asyncio.fixture
async def post() -> AsyncIterator[Post]:
    async with Post(HERE, timeout_s=5) as opened:
        yield opened


async def sent(post: Post, url: str) -> Answer:
    return await post.send(url, {"webhook-id": "m-1"}, b'{"a":1}')


def knowing(*addresses: str) -> Post:
    """One for whom every name has these addresses."""

    async def look_up(_host: str) -> Sequence[Address]:
        return [ip_address(each) for each in addresses]

    return Post(HERE, look_up=look_up, timeout_s=5)


async def test_the_body_arrives_as_it_is_with_its_headers(post: Post) -> None:
    async with receiving() as receiver:
        assert await sent(post, receiver.url) == Answer(200, "thanks")
    [received] = receiver.received
    assert received.body == b'{"a":1}'
    headers = {name: received.headers[name] for name in ("webhook-id", "content-type", "accept-encoding")}
    assert headers == {
        "webhook-id": "m-1",
        "content-type": "application/json",
        "accept-encoding": "identity",
    }


@pytest.mark.parametrize(
    ("status", "taken"), [(200, True), (204, True), (299, True), (300, False), (404, False)]
)
async def test_two_hundreds_alone_are_taken(post: Post, status: int, taken: bool) -> None:  # noqa: FBT001 - a case says it by its place
    async with receiving() as receiver:
        receiver.answers = [answer(status, b"")]
        got = await sent(post, receiver.url)
    assert (got.code, got.is_taken) == (status, taken)


async def test_a_redirect_is_not_followed(post: Post) -> None:
    async with receiving() as elsewhere, receiving() as receiver:
        receiver.answers = [answer(307, Location=elsewhere.url)]
        assert (await sent(post, receiver.url)).code == 307
    assert elsewhere.received == []


async def test_who_does_not_answer_in_time_has_failed() -> None:
    async with receiving() as receiver, Post(HERE, timeout_s=0.1) as hurried:
        receiver.answers = [HANG]
        assert await sent(hurried, receiver.url) == Answer(error="no answer within 0.1 s")


async def test_an_answer_without_end_is_read_no_further_than_its_beginning(post: Post) -> None:
    async with receiving() as receiver:
        endless = answer(200, b"\x00\xff" + b"x" * 2_000_000, **{"Content-Length": str(10**12)})
        receiver.answers = [endless]
        got = await sent(post, receiver.url)
    assert got == Answer(200, "\ufffd\ufffd" + "x" * (ANSWER_BYTES - 2))


@pytest.mark.parametrize(
    "garbage", [b"\r\n", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]
)
async def test_what_is_no_http_has_failed(post: Post, garbage: bytes) -> None:
    async with receiving() as receiver:
        receiver.answers = [garbage]
        got = await sent(post, receiver.url)
    assert "ProtocolError" in (got.error or "")


async def test_nobody_there_has_failed(post: Post) -> None:
    async with receiving() as receiver:
        pass
    assert "ConnectError" in ((await sent(post, receiver.url)).error or "")


@pytest.mark.parametrize(
    "url",
    ["http://localhost:{}/", "http://127.0.0.1:{}/", "https://[::ffff:7f00:1]:{}/", "http://0x7f.1:{}/"],
)
async def test_private_addresses_are_not_sent_to_unless_the_operator_says_so(url: str) -> None:
    async with receiving() as receiver, Post(Reach(), timeout_s=5) as strict:
        got = await sent(strict, url.format(receiver.port))
    assert "private address" in (got.error or "")
    assert receiver.received == []


async def test_the_connection_goes_to_the_address_that_was_looked_at(post: Post) -> None:
    async with receiving(host="shop.example") as receiver, knowing("127.0.0.1") as elsewhere:
        assert (await sent(elsewhere, receiver.url)).is_taken
    assert receiver.received[0].headers["host"] == f"shop.example:{receiver.port}"
    async with receiving(host="localhost") as receiver:
        assert (await sent(post, receiver.url)).is_taken


async def test_of_several_addresses_those_are_tried_that_may_be() -> None:
    # Nobody listens at the second, and the first may not be reached.
    async with receiving() as receiver, knowing("10.0.0.1", "127.0.0.2", "127.0.0.1") as several:
        assert (await sent(several, receiver.url)).is_taken


async def test_plain_http_stays_on_this_machine_whatever_a_name_stands_for() -> None:
    async with receiving(host="localhost") as receiver, knowing("8.8.8.8") as misled:
        got = await sent(misled, receiver.url)
    assert "private address" in (got.error or "")


@pytest.mark.parametrize("url", [f"https://{'x' * 70}.invalid/", "https://[", "https:///"])
async def test_what_cannot_be_looked_up_has_failed(post: Post, url: str) -> None:
    got = await sent(post, url)
    assert got.error
    assert not got.is_taken


async def test_by_tls_the_name_is_proved_by_a_certificate(post: Post) -> None:
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    trust = ssl.create_default_context(cafile=TLS / "cert.pem")
    async with (
        receiving(serving, host="localhost") as receiver,
        Post(HERE, timeout_s=5, trust=trust) as trusting,
    ):
        assert "CERTIFICATE_VERIFY_FAILED" in ((await sent(post, receiver.url)).error or "")
        assert (await sent(trusting, receiver.url)).is_taken
        by_address = receiver.url.replace("localhost", "127.0.0.2")
        assert not (await sent(trusting, by_address)).is_taken
