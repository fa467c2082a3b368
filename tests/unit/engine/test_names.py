"""One spelling for the names that trackers spell in many ways."""

import pytest

from app.engine.names import snake_case


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("order_completed", "order_completed"),
        ("Order Completed", "order_completed"),
        ("orderCompleted", "order_completed"),
        ("OrderCompleted", "order_completed"),
        ("order-completed", "order_completed"),
        ("order.completed", "order_completed"),
        ("ORDER_COMPLETED", "order_completed"),
        ("  order   completed  ", "order_completed"),
        ("__order__completed__", "order_completed"),
        ("HTTPError", "http_error"),
        ("loadURLNow", "load_url_now"),
        ("userID", "user_id"),
        ("step2Done", "step2_done"),
        ("step 2 done", "step_2_done"),
        ("2fa", "2fa"),
        ("Größe Gewählt", "größe_gewählt"),
        ("訂單 完成", "訂單_完成"),
        ("कि की", "कि_की"),
        ("cafe\u0301 Offen", "caf\u00e9_offen"),
        ("CAFE\u0301", "caf\u00e9"),
        ("İ", "i\u0307"),
        ("a", "a"),
        ("", ""),
    ],
)
def test_every_spelling_of_a_name_becomes_the_same(name: str, spelled: str) -> None:
    assert snake_case(name) == spelled
    assert snake_case(spelled) == spelled


@pytest.mark.parametrize(
    ("name", "spelled"),
    [("$exposure", "$exposure"), ("$Page View", "$page_view"), ("$$x", "$x"), ("a$b", "a_b"), ("$", "$")],
)
def test_one_leading_dollar_stays(name: str, spelled: str) -> None:
    assert snake_case(name) == spelled


@pytest.mark.parametrize("name", ["!!!", "- -", "$!!"])
def test_a_name_without_letters_stays_as_it_is(name: str) -> None:
    assert snake_case(name) == name


def test_a_long_name_is_spelled_like_any_other() -> None:
    assert snake_case("$" + "Long Name " * 50) == "$" + "_".join(["long_name"] * 50)
