import gzip
from pathlib import Path

import pytest

from loadtests.journeys import read_journeys, step_id
from loadtests.steps import JourneyError

TRIVAGO = (
    "user_id,session_id,timestamp,step,action_type,reference,platform,city,device,current_filters\n"
    'u1,s1,100,1,search for destination,"Rome, Italy",UK,"York, UK",mobile,\n'
    'u1,s1,160,2,change of sort order,price only,UK,"York, UK",mobile,Hotel|Pool\n'
    'u1,s1,170,3,interaction item image,77,UK,"York, UK",mobile,\n'
    'u1,s1,180,4,clickout item,77,UK,"York, UK",mobile,\n'
)
TAOBAO = (
    "user_id,item_id,category_id,behavior,timestamp\n"
    "5,9,1,pv,100\n5,9,1,fav,101\n5,9,1,cart,102\n6,9,1,buy,103\n"
)
OTTO = (
    '{"session":3,"events":[{"aid":8,"ts":100000,"type":"clicks"},{"aid":8,"ts":101500,"type":"carts"}]}\n'
    '{"session":4,"events":[{"aid":9,"ts":102000,"type":"orders"}]}\n'
)


def test_trivago_rows_become_steps(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text(TRIVAGO)
    steps = read_journeys(file)
    assert [step.name for step in steps] == [
        "products_searched",
        "search_refined",
        "product_viewed",
        "order_completed",
    ]
    assert {step.visitor for step in steps} == {"trivago-u1"}
    assert [step.at_ms for step in steps] == [100_000, 160_000, 170_000, 180_000]
    assert [step.id for step in steps] == [f"day.csv:000000{line}" for line in (2, 3, 4, 5)]


def test_a_quoted_comma_does_not_split_a_row(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text(TRIVAGO)
    assert read_journeys(file)[0].properties == {"term": "Rome, Italy"}


def test_a_trivago_row_says_device_country_and_locale(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text(TRIVAGO)
    assert read_journeys(file)[2].context == {
        "url": "https://shop.example/products",
        "device": "mobile",
        "country": "GB",
        "locale": "en-GB",
        "attributes": {"platform": "UK"},
    }


def test_a_refined_search_is_no_new_page(tmp_path: Path) -> None:
    file = tmp_path / "day.csv"
    file.write_text(TRIVAGO)
    steps = read_journeys(file)
    assert steps[1].placements == ()
    assert all(2 <= len(step.placements) <= 3 for i, step in enumerate(steps) if i != 1)


def test_taobao_rows_become_steps(tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    file.write_text(TAOBAO)
    steps = read_journeys(file)
    assert [(step.visitor, step.name) for step in steps] == [
        ("taobao-5", "product_viewed"),
        ("taobao-5", "product_saved"),
        ("taobao-5", "product_added"),
        ("taobao-6", "order_completed"),
    ]
    assert [bool(step.placements) for step in steps] == [True, False, True, True]


def test_otto_lines_become_steps(tmp_path: Path) -> None:
    file = tmp_path / "clicks.jsonl"
    file.write_text(OTTO)
    steps = read_journeys(file)
    assert [(step.visitor, step.at_ms, step.name, step.id) for step in steps] == [
        ("otto-3", 100_000, "product_viewed", "clicks.jsonl:0000001:0000001"),
        ("otto-3", 101_500, "product_added", "clicks.jsonl:0000001:0000002"),
        ("otto-4", 102_000, "order_completed", "clicks.jsonl:0000002:0000001"),
    ]


@pytest.mark.parametrize("text", [TRIVAGO, TAOBAO, OTTO], ids=["trivago", "taobao", "otto"])
def test_a_packed_file_reads_like_a_plain_one(tmp_path: Path, text: str) -> None:
    plain, packed = tmp_path / "a", tmp_path / "b" / "a"
    packed.parent.mkdir()
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    assert read_journeys(packed) == read_journeys(plain)


def test_an_id_keeps_the_order_of_its_source_and_is_bounded() -> None:
    ids = [step_id("x" * 300, 3, place) for place in (1, 9, 10, 123_456)]
    assert ids == sorted(ids)
    assert len(ids[-1]) <= 128


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "the first line fits neither"),
        ("a,b,c\n1,2,3\n", "the first line fits neither"),
        (TRIVAGO.replace("clickout item", "wink"), r"line 5: unknown action 'wink'"),
        (TRIVAGO.replace("170", "soon"), "line 4: invalid literal"),
        (TRIVAGO + "u1,s1,200\n", "line 6: too many or too few columns"),
        (TRIVAGO + 'u1,"never closed\n', "line 6"),
        (TAOBAO.replace("cart", "stare"), "line 4: unknown action 'stare'"),
        (TAOBAO.replace("103", ""), "line 5: invalid literal"),
        (OTTO + '{"session":4}\n', "line 3: Object missing required field `events`"),
        (OTTO.replace("orders", "winks"), "line 2: unknown action 'winks'"),
        (OTTO + "\n", "line 3"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "broken"
    file.write_text(text)
    with pytest.raises(JourneyError, match=complaint):
        read_journeys(file)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00garbage", b"\x1f\x8b\x08 cut off", b"user_id,\xff"])
def test_garbage_is_no_journey(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "garbage"
    file.write_bytes(content)
    with pytest.raises(JourneyError):
        read_journeys(file)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(JourneyError, match="nowhere"):
        read_journeys(tmp_path / "nowhere")
