import base64
from datetime import UTC, datetime, timedelta

from app.admin.webhooks.signature import Secret, new_secret, rotated, signed
from tests.builders import HOUR, NOW, SECOND


def test_the_example_of_the_specification_is_signed_as_it_says() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    now = datetime.fromtimestamp(1614265330, UTC)
    headers = signed([Secret(secret)], "msg_p5jXN8AQM9LWM0D4loKWxJek", now, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_secret_is_256_random_bits() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(base64.b64decode(secret.removeprefix("whsec_"))) for secret in made} == {32}


def test_while_secrets_are_changed_over_each_signs() -> None:
    kept = [Secret("whsec_bmV3"), Secret("whsec_b2xk", NOW + HOUR)]
    both = signed(kept, "m", NOW, b"")["webhook-signature"]
    assert both.split(" ") == [signed([each], "m", NOW, b"")["webhook-signature"] for each in kept]
    assert " " not in signed(kept, "m", NOW + HOUR, b"")["webhook-signature"]


def test_a_new_secret_stands_before_those_it_replaces() -> None:
    once = rotated([Secret("a")], "b", NOW + HOUR, NOW)
    assert once == [Secret("b"), Secret("a", NOW + HOUR)]
    twice = rotated(once, "c", NOW + timedelta(hours=2), NOW)
    assert twice == [Secret("c"), Secret("b", NOW + timedelta(hours=2)), Secret("a", NOW + HOUR)]


def test_without_an_overlap_the_old_ones_go_at_once() -> None:
    assert rotated([Secret("a"), Secret("z", NOW + HOUR)], "b", NOW, NOW) == [Secret("b")]


def test_what_has_run_out_is_let_go() -> None:
    assert rotated([Secret("a"), Secret("z", NOW - SECOND)], "b", NOW + HOUR, NOW) == [
        Secret("b"),
        Secret("a", NOW + HOUR),
    ]
