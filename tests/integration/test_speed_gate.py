"""The gate's harness against the real service, as small as it can be."""

from pathlib import Path

import pytest

from app.journal.streams import bytes_in
from loadtests.speed.asking import decisions, observations
from loadtests.speed.host import hosted
from loadtests.speed.rounds import Variant, cheapest
from loadtests.speed.sites import prepared
from loadtests.speed.wire import Lines

RULES, VISITORS = 10, 64


@pytest.mark.parametrize("plain", [False, True])
async def test_known_visitors_are_decided_on_and_their_events_taken(tmp_path: Path, *, plain: bool) -> None:
    async with prepared(tmp_path, {RULES: VISITORS}) as ground, hosted(ground) as hosts:
        for mode, host in hosts.items():
            before = bytes_in(tmp_path / "journal")
            lines, site = Lines(host.configured(plain=plain), 4), host.sites[RULES]
            asked = [
                Variant("decide", lines, decisions(site, iter(range(VISITORS)), 5, events=1), requests=8),
                Variant("events", lines, observations(site, iter(range(VISITORS)), 3), requests=8),
            ]
            # Whatever is answered wrongly raises.
            assert [*await cheapest(asked, 1, ground.drop_shipped)] == ["decide", "events"]
            assert (bytes_in(tmp_path / "journal") > before) is (mode != "none")
            lines.close()
