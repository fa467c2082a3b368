"""Three kinds of users for a staging system: visitors of the website, its editors, and experimenters.

Locust is no dependency of this project: it is at home in a virtual environment of its own.

    python3 -m venv locust && locust/bin/pip install locust
    export SIGNPOST_SITE_KEY=pk_… SIGNPOST_ADMIN_KEY=sk_…
    locust/bin/locust -f loadtests/locustfile.py --host https://staging.example

Placements and experiments are those of the site's draft. Editors read, and run drafts dry; with
`SIGNPOST_PUBLISH=1` they publish too.
"""

import os
import random
import uuid
from typing import Any

from locust import HttpUser, between, task
from locust.exception import StopUser

SITE_KEY, ADMIN_KEY = os.environ.get("SIGNPOST_SITE_KEY", ""), os.environ.get("SIGNPOST_ADMIN_KEY", "")
PUBLISHES = os.environ.get("SIGNPOST_PUBLISH") == "1"
AS_ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}
PAGES = ("/", "/bikes", "/bikes/city", "/search?q=lamp", "/cart")
EVENTS = ("page_viewed", "product_viewed", "product_viewed", "product_added")
# A person reads several pages in a visit, and then somebody else comes.
PAGES_IN_A_VISIT = 8


def config_of(user: HttpUser) -> dict[str, Any]:
    """Read the draft; whoever may not is no use."""
    with user.client.get("/api/v1/config", headers=AS_ADMIN, catch_response=True) as answer:
        if answer.status_code != 200:
            answer.failure(f"the draft cannot be read: {answer.status_code}")
            raise StopUser
        found: dict[str, Any] = answer.json()
        return found


class Website(HttpUser):
    """A visitor's browser: a decision on every page, and events between them."""

    weight = 100
    wait_time = between(1, 5)

    def on_start(self) -> None:
        """Arrive."""
        self._placements = [place["key"] for place in config_of(self)["placements"]][:3]
        self._arrive()

    def _arrive(self) -> None:
        self._visitor = {"id": str(uuid.uuid4())}
        self._pages_left = PAGES_IN_A_VISIT

    @task(3)
    def load_a_page(self) -> None:
        """Ask what to show, and hold the answer against what was asked."""
        if not self._pages_left:
            self._arrive()
        self._pages_left -= 1
        context = {"url": f"https://shop.example{random.choice(PAGES)}", "locale": "en-GB"}
        asked = {"visitor": self._visitor, "placements": self._placements, "context": context}
        with self.client.post(
            f"/decide?key={SITE_KEY}", json=asked, name="/decide", catch_response=True
        ) as answer:
            if answer.status_code == 200 and [*answer.json()["placements"]] != self._placements:
                answer.failure("other placements than asked for")
            elif answer.status_code == 200 and answer.json()["degraded"]:
                answer.failure(f"decided without {', '.join(answer.json()['degraded'])}")

    @task(1)
    def do_something(self) -> None:
        """Send one event."""
        event = {"name": random.choice(EVENTS), "properties": {"category": "bikes", "value": 49.9}}
        sent = {"visitor": self._visitor, "events": [event]}
        self.client.post(f"/events?key={SITE_KEY}", json=sent, name="/events")


class Admin(HttpUser):
    """Somebody who edits the site."""

    weight = 2
    wait_time = between(5, 20)

    @task(4)
    def look_around(self) -> None:
        """Read the draft, and what was published when."""
        for looked_at in ("config", "revisions"):
            self.client.get(f"/api/v1/{looked_at}", headers=AS_ADMIN)

    @task(2)
    def try_a_change(self) -> None:
        """See what a document would change."""
        headers = AS_ADMIN | {"If-Match": "*"}
        self.client.put(
            "/api/v1/config?dry_run=true",
            json=config_of(self),
            headers=headers,
            name="/api/v1/config?dry_run=true",
        )

    @task(1)
    def publish(self) -> None:
        """Publish the draft as it is, where that is wanted."""
        if PUBLISHES:
            self.client.post("/api/v1/revisions", json={"comment": "load test"}, headers=AS_ADMIN)


class Experimenter(HttpUser):
    """Somebody who follows experiments."""

    weight = 1
    wait_time = between(10, 30)

    def on_start(self) -> None:
        """Find out which experiments there are."""
        self._experiments = [one["key"] for one in config_of(self).get("experiments", [])]
        if not self._experiments:
            raise StopUser

    @task(3)
    def read_results(self) -> None:
        """Read the results of one experiment."""
        path = f"/api/v1/experiments/{random.choice(self._experiments)}/results"
        self.client.get(path, headers=AS_ADMIN, name="/api/v1/experiments/…/results")

    @task(1)
    def cut_results(self) -> None:
        """Read them by the stages that visitors stood in."""
        path = f"/api/v1/experiments/{random.choice(self._experiments)}/results?by=stage"
        self.client.get(path, headers=AS_ADMIN, name="/api/v1/experiments/…/results?by=stage")
