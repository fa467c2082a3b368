"""How messages reach webhooks, in a database where nobody else leaves any."""

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from app.admin.webhooks import sender
from app.admin.webhooks.post import ANSWER_BYTES, Post
from app.admin.webhooks.reach import Reach
from app.embedded.servers import Servers
from app.kit.tasks import background
from app.storage.migrate import migrate
from app.storage.postgres import dsn_of
from tests.databases import new_database
from tests.integration.mailing import HERE, Mailing
from tests.receiver import HANG, answer, receiving
from tests.waiting import until

TLS = Path(__file__).parents[1] / "tls"


@pytest_asyncio.fixture(scope="module")
async def pool(servers: Servers) -> AsyncIterator[asyncpg.Pool]:
    async with new_database(servers.database_url) as database_url:
        await asyncio.to_thread(migrate, database_url)
        async with asyncpg.create_pool(dsn_of(database_url), min_size=1, max_size=4) as opened:
            yield opened


@pytest_asyncio.fixture
async def mail(pool: asyncpg.Pool) -> Mailing:
    """A site of its own, and nothing on its way to anybody."""
    await pool.execute("DELETE FROM sites")
    query = "INSERT INTO sites (key, identity_secret) VALUES ($1, '') RETURNING id"
    return Mailing(pool, await pool.fetchval(query, uuid.uuid4().hex))


@pytest_asyncio.fixture
async def post() -> AsyncIterator[Post]:
    async with Post(HERE, timeout_s=5) as opened:
        yield opened


async def test_a_message_arrives_signed_and_is_delivered(mail: Mailing, post: Post) -> None:
    async with receiving() as receiver:
        webhook = await mail.webhook(receiver.url, "whsec_c2VjcmV0")
        message = await mail.message(webhook, hello="world")
        await mail.send_due(post)
    [received] = receiver.received
    assert received.said == {"hello": "world"}
    assert received.is_signed_with("whsec_c2VjcmV0")
    assert not received.is_signed_with("whsec_b3RoZXI=")
    assert received.headers["webhook-id"] == str(message)
    assert received.headers["webhook-timestamp"] == str(int(mail.now.timestamp()))
    assert received.headers["content-type"] == "application/json"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    delivery = await mail.delivery(message)
    told = [delivery[name] for name in ("status", "attempts", "response_code", "answer", "error", "next_at")]
    assert told == ["delivered", 1, 200, "thanks", None, None]


async def test_with_two_secrets_either_verifies(mail: Mailing, post: Post) -> None:
    async with receiving() as receiver:
        await mail.message(await mail.webhook(receiver.url, "whsec_bmV3", "whsec_b2xk"))
        await mail.send_due(post)
    [received] = receiver.received
    assert received.is_signed_with("whsec_bmV3")
    assert received.is_signed_with("whsec_b2xk")


async def test_what_fails_is_sent_again_later_and_later_under_the_same_id(mail: Mailing, post: Post) -> None:
    async with receiving() as receiver:
        receiver.answers = [answer(503), answer(500), answer(204, b"")]
        message = await mail.message(await mail.webhook(receiver.url))
        arrived = []
        for seconds in (0, 4.9, 0.2, 14.9, 0.2):
            mail.pass_s(seconds)
            await mail.send_due(post)
            arrived.append(len(receiver.received))
    assert arrived == [1, 1, 2, 2, 3]
    assert {each.headers["webhook-id"] for each in receiver.received} == {str(message)}
    assert len({each.headers["webhook-signature"] for each in receiver.received}) == 3
    assert await mail.status(message) == "delivered"


async def test_after_a_day_it_is_given_up(mail: Mailing, post: Post) -> None:
    async with receiving() as receiver:
        receiver.answers = [answer(500, b"broken")]
        message = await mail.message(await mail.webhook(receiver.url))
        while (delivery := await mail.delivery(message))["status"] == "waiting":
            mail.now = delivery["next_at"]
            await mail.send_due(post)
    told = [delivery[name] for name in ("status", "attempts", "response_code", "answer", "next_at")]
    assert told == ["failed", 12, 500, "broken", None]
    assert len(receiver.received) == 12


async def test_a_redirect_is_not_followed(mail: Mailing, post: Post) -> None:
    async with receiving() as elsewhere, receiving() as receiver:
        receiver.answers = [answer(307, Location=elsewhere.url)]
        message = await mail.message(await mail.webhook(receiver.url))
        await mail.send_due(post)
    assert elsewhere.received == []
    assert (await mail.delivery(message))["response_code"] == 307
    assert await mail.status(message) == "waiting"


async def test_gone_is_gone(mail: Mailing, post: Post) -> None:
    async with receiving() as receiver:
        receiver.answers = [answer(410)]
        webhook = await mail.webhook(receiver.url)
        first, second = await mail.message(webhook), await mail.message(webhook)
        await mail.send_due(post)
        await mail.send_due(post)
    assert len(receiver.received) == 1
    assert {await mail.status(first), await mail.status(second)} == {"failed", "waiting"}
    [row] = await mail.pool.fetch("SELECT * FROM webhooks WHERE id = $1", webhook)
    assert (row["enabled"], row["disabled_because"]) == (False, "the receiver answered 410 Gone")
    assert row["version"] == 2


async def test_two_senders_at_once_send_each_message_once(mail: Mailing, post: Post) -> None:
    async with receiving() as receiver:
        webhooks = [await mail.webhook(receiver.url) for _ in range(5)]
        messages = [await mail.message(webhook) for webhook in webhooks * 4]
        await asyncio.gather(*(mail.send_due(post) for _ in range(2)))
        await mail.send_due(post)
    arrived = sorted(each.headers["webhook-id"] for each in receiver.received)
    assert arrived == sorted(map(str, messages))


async def test_what_a_dead_sender_had_claimed_is_sent_by_the_next(mail: Mailing, post: Post) -> None:
    async with receiving() as receiver:
        receiver.answers = [HANG, answer(200)]
        message = await mail.message(await mail.webhook(receiver.url))

        async def has_come() -> bool:
            return bool(receiver.received)

        dying = asyncio.create_task(mail.send_due(post))
        await until(has_come)
        await mail.send_due(post)
        assert len(receiver.received) == 1
        await mail.pool.execute("UPDATE webhooks SET busy_until = $1", mail.now)
        mail.pass_s(1)
        await mail.send_due(post)
        assert await mail.status(message) == "delivered"
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
    assert [each.headers["webhook-id"] for each in receiver.received] == [str(message)] * 2


async def test_a_sender_that_is_stopped_leaves_what_it_had_claimed_to_others_at_once(
    mail: Mailing, post: Post
) -> None:
    async with receiving() as receiver:
        receiver.answers = [HANG, answer(200)]
        message = await mail.message(await mail.webhook(receiver.url))

        async def has_come() -> bool:
            return bool(receiver.received)

        async with background(mail.sender(post).run()):
            await until(has_come)
        await mail.send_due(post)
    assert await mail.status(message) == "delivered"


async def test_a_receiver_that_hangs_holds_up_no_other(
    mail: Mailing, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "POLL_S", 0.01)
    async with receiving() as hanging, receiving() as receiver:
        hanging.answers = [HANG]
        stuck = await mail.webhook(hanging.url)
        for _ in range(3):
            await mail.message(stuck)

        async def is_stuck() -> bool:
            return bool(hanging.received)

        async with background(mail.sender(post).run()):
            await until(is_stuck)
            messages = [await mail.message(await mail.webhook(receiver.url)) for _ in range(3)]

            async def all_arrived() -> bool:
                return [await mail.status(each) for each in messages] == ["delivered"] * 3

            await until(all_arrived)
            assert len(hanging.received) == 1


async def test_who_does_not_answer_in_time_has_failed(mail: Mailing) -> None:
    async with receiving() as receiver, Post(HERE, timeout_s=0.1) as hurried:
        receiver.answers = [HANG]
        message = await mail.message(await mail.webhook(receiver.url))
        await mail.send_due(hurried)
    delivery = await mail.delivery(message)
    assert (delivery["response_code"], delivery["error"]) == (None, "no answer within 0.1 s")


async def test_an_answer_without_end_is_read_no_further_than_its_beginning(mail: Mailing, post: Post) -> None:
    async with receiving() as receiver:
        endless = answer(200, b"\x00" + b"x" * 2_000_000, **{"Content-Length": str(10**12)})
        receiver.answers = [endless]
        message = await mail.message(await mail.webhook(receiver.url))
        await mail.send_due(post)
    delivery = await mail.delivery(message)
    assert (delivery["status"], delivery["answer"]) == ("delivered", "\ufffd" + "x" * (ANSWER_BYTES - 1))


@pytest.mark.parametrize("garbage", [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"])
async def test_what_is_no_http_has_failed(mail: Mailing, post: Post, garbage: bytes) -> None:
    async with receiving() as receiver:
        receiver.answers = [garbage or b"\r\n"]
        message = await mail.message(await mail.webhook(receiver.url))
        await mail.send_due(post)
    delivery = await mail.delivery(message)
    assert "ProtocolError" in delivery["error"]


async def test_nobody_there_has_failed(mail: Mailing, post: Post) -> None:
    async with receiving() as receiver:
        pass
    message = await mail.message(await mail.webhook(receiver.url))
    await mail.send_due(post)
    assert "ConnectError" in (await mail.delivery(message))["error"]


@pytest.mark.parametrize(
    "url", ["http://localhost:{}/", "http://127.0.0.1:{}/", "https://[::ffff:7f00:1]:{}/"]
)
async def test_private_addresses_are_not_sent_to_unless_the_operator_says_so(mail: Mailing, url: str) -> None:
    async with receiving() as receiver, Post(Reach(), timeout_s=5) as strict:
        message = await mail.message(await mail.webhook(url.format(receiver.port)))
        await mail.send_due(strict)
    assert "private address" in (await mail.delivery(message))["error"]
    assert receiver.received == []


async def test_a_name_is_looked_up_and_the_address_looked_at(mail: Mailing, post: Post) -> None:
    async with receiving(host="localhost") as receiver:
        message = await mail.message(await mail.webhook(receiver.url))
        await mail.send_due(post)
    assert await mail.status(message) == "delivered"
    assert receiver.received[0].headers["host"] == f"localhost:{receiver.port}"


async def test_a_name_that_nobody_knows_has_failed(mail: Mailing, post: Post) -> None:
    message = await mail.message(await mail.webhook(f"https://{'x' * 70}.invalid/"))
    await mail.send_due(post)
    delivery = await mail.delivery(message)
    assert delivery["error"]
    assert delivery["status"] == "waiting"


async def test_by_tls_the_name_is_proved_by_a_certificate(mail: Mailing, post: Post) -> None:
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(TLS / "cert.pem", TLS / "key.pem")
    trust = ssl.create_default_context(cafile=TLS / "cert.pem")
    async with (
        receiving(serving, host="localhost") as receiver,
        Post(HERE, timeout_s=5, trust=trust) as trusting,
    ):
        webhook = await mail.webhook(receiver.url)
        untrusted = await mail.message(webhook)
        await mail.send_due(post)
        trusted = await mail.message(webhook)
        await mail.send_due(trusting)
    assert "CERTIFICATE_VERIFY_FAILED" in (await mail.delivery(untrusted))["error"]
    assert await mail.status(trusted) == "delivered"


async def test_a_webhook_that_is_not_enabled_is_sent_nothing(mail: Mailing, post: Post) -> None:
    async with receiving() as receiver:
        webhook = await mail.webhook(receiver.url)
        await mail.message(webhook)
        await mail.pool.execute("UPDATE webhooks SET enabled = false WHERE id = $1", webhook)
        await mail.send_due(post)
    assert receiver.received == []


async def test_who_has_much_to_hear_lets_others_have_a_turn(mail: Mailing, post: Post) -> None:
    async with receiving() as receiver:
        webhook = await mail.webhook(receiver.url)
        for _ in range(sender.IN_A_TURN + 1):
            await mail.message(webhook)
        await mail.send_due(post)
        assert len(receiver.received) == sender.IN_A_TURN
        await mail.send_due(post)
        assert len(receiver.received) == sender.IN_A_TURN + 1


async def test_a_database_that_is_away_ends_no_sender(
    post: Post, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sender, "RETRY_S", 0.01)
    closed = await asyncpg.create_pool(dsn="postgresql://", min_size=0)
    await closed.close()
    running = sender.Sender(closed, post)

    async def has_complained() -> bool:
        return caplog.text.count("cannot look for webhooks") > 1

    async with background(running.run()):
        await until(has_complained)
