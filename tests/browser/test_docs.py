"""The page of the API in a real browser, with no network but the service itself."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, Request

from tests.service import Service, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    variants = [{"key": "hi", "content": {"title": "Hi"}}]
    with serving(tmp_path_factory.mktemp("service")) as running:
        running.publish({"placements": [{"key": "home.hero", "default": "hi", "variants": variants}]})
        yield running


class Reading:
    """The open page, and whatever went wrong or elsewhere."""

    def __init__(self, page: Page, service: Service) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.asked: set[str] = set()
        self._service = service
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        self.asked.add(urlsplit(request.url).netloc)

    async def open(self, anchor: str = "") -> None:
        await self.page.goto(f"{self._service.url}/docs{anchor}")
        await self.page.wait_for_selector(".operation")

    async def send(self, operation: str) -> Any:
        """Send the form of an operation, and give the body of the answer."""
        await self.page.locator(f"#{operation} form.try button[type=submit]").click()
        answer = self.page.locator(f"#{operation} .answer pre").first
        await answer.wait_for()
        return json.loads(await answer.inner_text())


@pytest.fixture
async def reading(page: Page, service: Service) -> Reading:
    opened = Reading(page, service)
    await opened.open()
    return opened


async def test_operations_stand_in_groups_and_nothing_is_asked_of_anybody_else(
    reading: Reading, service: Service
) -> None:
    groups = await reading.page.locator("main h2").all_inner_texts()

    assert groups == ["Websites", "Admins", "Experimenters", "Operators"]
    assert await reading.page.locator("nav a").count() > 15
    assert reading.asked == {urlsplit(service.url).netloc}
    assert reading.complaints == []


async def test_every_operation_opens_with_what_it_takes_and_answers(reading: Reading) -> None:
    operations = reading.page.locator(".operation")
    for number in range(await operations.count()):
        operation = operations.nth(number)
        await operation.locator("summary").first.click()
        await operation.locator("form.try").wait_for()
        assert (await operation.locator("pre[aria-label='curl line']").inner_text()).startswith("curl")
        assert await operation.locator("h4", has_text="Answers").count() == 1
    assert reading.complaints == []


async def test_a_decision_can_be_tried_with_its_example_and_a_key(reading: Reading, service: Service) -> None:
    await reading.page.fill("#key", service.public_key)
    await reading.page.click("#post-decide > summary")

    answered = await reading.send("post-decide")

    assert answered["placements"]["home.hero"]["content"] == {"title": "Hi"}
    told = await reading.page.locator("#post-decide .answer strong").inner_text()
    assert told.startswith("200 OK")
    curl = await reading.page.locator("#post-decide pre[aria-label='curl line']").inner_text()
    assert f"{service.url}/decide" in curl
    assert service.public_key not in curl
    assert reading.complaints == []


async def test_parameters_are_sent_where_they_belong(reading: Reading, service: Service) -> None:
    await reading.page.fill("#key", service.secret_key)
    await reading.page.click("#get-api-v1-revisions > summary")
    await reading.page.fill("#get-api-v1-revisions-query-limit", "1")
    assert len((await reading.send("get-api-v1-revisions"))["items"]) == 1

    await reading.page.click("#get-api-v1-revisions-number > summary")
    await reading.page.fill("#get-api-v1-revisions-number-path-number", "1")
    assert (await reading.send("get-api-v1-revisions-number"))["number"] == 1


async def test_what_goes_wrong_is_shown(reading: Reading) -> None:
    await reading.page.click("#get-api-v1-config > summary")

    assert (await reading.send("get-api-v1-config"))["status"] == 401
    assert await reading.page.locator("#get-api-v1-config .answer .wrong").count() == 1


async def test_an_operation_is_found_by_a_word(reading: Reading) -> None:
    await reading.page.fill("#find", "preview link")

    assert await reading.page.locator(".operation:visible").count() >= 2
    assert not await reading.page.locator("#get-livez").is_visible()
    assert "operation" in await reading.page.locator("#found").inner_text()


async def test_an_address_leads_to_its_operation(reading: Reading) -> None:
    await reading.page.goto("about:blank")
    await reading.open("#post-events")

    assert await reading.page.locator("#post-events form.try").is_visible()


async def test_everything_that_can_be_filled_in_has_a_name(reading: Reading) -> None:
    await reading.page.click("#post-decide > summary")
    await reading.page.click("#get-api-v1-revisions > summary")

    unnamed = await reading.page.evaluate(
        "[...document.querySelectorAll('input, textarea')].filter((one) => !one.labels.length).length"
    )
    assert unnamed == 0
