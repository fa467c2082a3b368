"""How messages reach webhooks, in a database where nobody else leaves any."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import pytest
import pytest_asyncio

from app.admin.webhooks import sender
from app.admin.webhooks.post import Post
from app.admin.webhooks.reach import Reach
from app.embedded.servers import Servers
from app.kit.clock import now
from app.kit.tasks import background
from app.storage.migrate import migrate
from app.storage.postgres import dsn_of
from tests.databases import new_database
from tests.integration.mailing import HERE, Mailing
from tests.receiver import HANG, answer, receiving
from tests.waiting import until

# Of whoever waits to write down what came of an attempt.
CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND query LIKE '%UPDATE webhook_deliveries%'
        AND datname = current_database()
"""


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


async def test_what_could_not_be_sent_says_why(mail: Mailing) -> None:
    async with receiving() as receiver, Post(Reach(), timeout_s=5) as strict:
        message = await mail.message(await mail.webhook(receiver.url))
        await mail.send_due(strict)
    delivery = await mail.delivery(message)
    assert (delivery["status"], delivery["response_code"], delivery["answer"]) == ("waiting", None, "")
    assert "private address" in delivery["error"]


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
    looked: list[datetime] = []

    def clock() -> datetime:
        looked.append(now())
        return looked[-1]

    async def goes_on() -> bool:
        return len(looked) > 2

    async with background(sender.Sender(closed, post, now=clock).run()):
        await until(goes_on)
    [told] = caplog.messages
    assert told.startswith("looking for webhooks failed; it will be tried again: InterfaceError(")


async def test_a_database_that_goes_away_on_the_way_ends_no_sender(
    pool: asyncpg.Pool, mail: Mailing, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    async with receiving() as receiver:
        message = await mail.message(await mail.webhook(receiver.url))
        async with pool.acquire() as other, other.transaction():
            await other.execute("SELECT FROM webhook_deliveries FOR UPDATE")
            sending = asyncio.create_task(mail.send_due(post))

            async def records() -> bool:
                return bool(await pool.fetch(CUT))

            await until(records)
            await sending
    assert "it will be tried again" in caplog.text
    assert await mail.status(message) == "waiting"
