"""What is put is what is got, whatever it says."""

from typing import Any

import pytest
from httpx import Response
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.api.conftest import AdminFactory

URL = "/api/v1/config"
JSON = {"Content-Type": "application/json"}

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
# PostgreSQL writes larger floats out in full: the same number, but no float to Python.
floats = st.floats(min_value=-1e15, max_value=1e15, allow_nan=False)
scalars = st.none() | st.booleans() | st.integers(-(2**80), 2**80) | floats | texts
contents = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20)
keys = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}", fullmatch=True)
percents = st.floats(0, 100) | st.integers(0, 100)
instants = st.datetimes().map(lambda at: at.isoformat() + "Z")
paths = st.sampled_from(["traits.a", "context.country", "profile.is_new", "events.x.last_y", "stage"])
operands = st.lists(scalars) | st.lists(st.lists(scalars)) | scalars
conditions = st.dictionaries(paths, operands, max_size=3)


def part(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"key": keys, **required}, optional=optional)


def listed(parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(parts, min_size=1, max_size=4, unique_by=lambda each: each["key"])


variants = part(
    {}, {"content": contents, "locales": st.dictionaries(st.sampled_from(["de", "de-AT"]), contents)}
)
stages = part({}, {"when": conditions | st.none(), "precedence": floats, "decay_after_days": st.just(0.5)})
arms = part({}, {"weight": percents, "variants": st.dictionaries(keys, keys | st.none(), max_size=2)})
audiences = st.fixed_dictionaries(
    {}, optional={"condition": conditions, "stages": st.lists(keys, max_size=3)}
)
schedules = st.fixed_dictionaries({}, optional={"starts_at": instants, "ends_at": st.none() | instants})
documents = st.fixed_dictionaries(
    {},
    optional={
        "site": st.fixed_dictionaries({}, optional={"timezone": texts.filter(bool)}),
        "placements": listed(part({}, {"default": st.none() | keys, "variants": listed(variants)})),
        "segments": listed(part({"condition": conditions}, {})),
        "journeys": listed(part({}, {"stages": listed(stages)})),
        "experiments": listed(part({"arms": listed(arms)}, {"traffic": percents})),
        "rules": listed(
            part(
                {"placements": st.lists(keys, min_size=1, max_size=2), "deliver": st.just({})},
                {
                    "audience": audiences,
                    "schedule": schedules,
                    "note": texts,
                    "priority": st.integers(0, 999),
                },
            )
        ),
        "holdout": st.fixed_dictionaries({}, optional={"percent": percents}),
    },
)


@settings(max_examples=40, deadline=None)
@given(documents, documents)
async def test_what_was_put_is_got_again_over_whatever_was_there(
    admin: AdminFactory, before: dict[str, Any], document: dict[str, Any]
) -> None:
    client = await admin()
    for each in (before, document):
        put = await client.put(URL, json=each, headers={"If-Match": "*"})
        assert put.status_code == 200, put.text
    got = await client.get(URL)
    assert got.json() == document
    assert got.headers["etag"] == put.headers["etag"]


@pytest.mark.parametrize(("number", "most"), [(1e308, 211), (-1.5e22, 2_621), (1e-300, 216)])
async def test_content_that_was_put_can_be_put_as_it_is_got(
    admin: AdminFactory, number: float, most: int
) -> None:
    client = await admin()

    async def put(count: int) -> Response:
        variants = [{"key": "v", "content": [number] * count}]
        document = {"placements": [{"key": "p", "variants": variants}]}
        return await client.put(URL, json=document, headers={"If-Match": "*"})

    assert (await put(most + 1)).status_code == 422
    assert (await put(most)).status_code == 200
    got = await client.get(URL)
    again = await client.put(URL, content=got.content, headers={"If-Match": "*", **JSON})
    assert again.status_code == 200, again.text
