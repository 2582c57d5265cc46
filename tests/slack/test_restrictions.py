"""Where Backout may be used, by whom, and a Home of several pages: with the real program, as it is configured."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from actions.embedded import EmbeddedPostgres
from bot.render.home import ON_A_PAGE
from bot.sandbox.sandbox import Sandbox
from tests.slack.room import refused
from tests.slack.serving import MANIFEST, SLOW, Asked, Served, Shop, a_shop, newest, people, said, served, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

#: Two pages.
MANY = ON_A_PAGE + 5


@pytest.fixture(scope="module")
def shop(postgres_server: EmbeddedPostgres) -> Iterator[Shop]:
    """Nobody starts it: nothing runs to its end here."""
    with a_shop(postgres_server, policy={"quorum": 1}) as made:
        yield made


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(manifest=MANIFEST) as running:
        running.turn(limits_factor=5)
        yield running


@contextmanager
def with_many(shop: Shop, sandbox: Sandbox, **environ: str) -> Iterator[Served]:
    """The same service under many names."""
    shop.more = people(sandbox)
    services = {f"shop-{number:02}": shop.entry() for number in range(1, MANY + 1)}
    catalog: Path = shop.folder / "many.yml"
    catalog.write_text(json.dumps({"services": services}))
    with served(shop, sandbox, BACKOUT_CATALOG=str(catalog), **environ) as made:
        yield made


def turned_away(shop: Shop) -> list[str]:
    query = "SELECT body::jsonb#>>'{details,why}' FROM events WHERE kind = 'turned_away' ORDER BY seq"
    with psycopg.connect(shop.history_url, application_name="the test") as connection:
        return [str(row[0]) for row in connection.execute(query.encode())]


def opened(bot: Served) -> Asked:
    asked = Asked(served=bot, rollback=newest(bot.shop))
    asked.message(bot.sandbox.person("ana"), "card")
    return asked


def test_commands_count_in_the_channels_that_are_allowed_and_buttons_where_the_rollback_is_told(
    shop: Shop, sandbox: Sandbox
) -> None:
    ana = sandbox.person("ana")
    sandbox.change("add_channel", name="on-call", members=["ana", "lena"])
    with with_many(shop, sandbox, SLACK_CHANNELS=f"{sandbox.channel_id('on-call')},C0ELSEWHERE") as bot:
        before = len(turned_away(shop))
        for place in ("#incidents", "#general"):
            assert ana.types("/rollback shop-01 because checkout fails", channel=place)["ok"]
            ana.waits_for(place, saying="may not be used in this channel", ephemeral=True, seconds=SLOW)
        assert turned_away(shop)[before:] == ["Backout may not be used in this channel"] * 2
        assert len(bot.lines("visitor_turned_away")) == 2
        assert ana.types("/rollback shop-01 because checkout fails", channel="#on-call")["ok"]
        ana.waits_for("#on-call", saying="is being assessed", ephemeral=True, seconds=SLOW)
        # It is told in #incidents, where nobody may type a command: its buttons work.
        asked = opened(bot)
        asked.presses(ana, "Stop")
        asked.becomes("stopped")
        asked.is_told_once(ana, "stop")
        # Home is in no channel.
        assert ana.opens_home()["ok"]
        ana.waits_for_home(saying=asked.rollback, seconds=SLOW)


def test_people_count_whose_workspace_is_listed(shop: Shop, sandbox: Sandbox) -> None:
    ana = sandbox.person("ana")
    with with_many(shop, sandbox, SLACK_WORKSPACES="T0ELSEWHERE") as bot:
        before = len(turned_away(shop))
        assert ana.types("/rollback shop-01 because checkout fails")["ok"]
        refused(ana, "not for people of other workspaces")
        assert len(turned_away(shop)) == before + 1
        assert ana.opens_home()["ok"]
        wait_for(lambda: len(bot.lines("visitor_turned_away")) == 2, "Home is open to them", SLOW)
    with with_many(shop, sandbox, SLACK_WORKSPACES=f"T0ELSEWHERE,{sandbox.team_id}"):
        assert ana.types("/rollback help")["ok"]
        ana.waits_for(saying="a dialog that asks for everything", ephemeral=True, seconds=SLOW)


def test_home_has_pages_and_each_person_s_page_changes_before_their_eyes(shop: Shop, sandbox: Sandbox) -> None:
    ana, lena, marco = (sandbox.person(name) for name in ("ana", "lena", "marco"))
    last = f"shop-{MANY:02}"
    with with_many(shop, sandbox) as bot:
        for who in (ana, lena):
            assert who.opens_home()["ok"]
            first = who.waits_for_home(saying="page 1 of 2", seconds=SLOW)
            assert "shop-01" in said(first)
            assert last not in said(first)
        assert lena.presses("Next ▶", lena.home() or {})["ok"]
        second = lena.waits_for_home(saying="page 2 of 2", seconds=SLOW)
        assert last in said(second)
        assert "◀ Before" in said(second)
        assert "Next ▶" not in said(second)

        assert marco.types(f"/rollback {last} because checkout fails")["ok"]
        marco.waits_for(saying="is being assessed", ephemeral=True, seconds=SLOW)
        asked = opened(bot)
        for who, page in ((lena, "page 2 of 2"), (ana, "page 1 of 2")):
            home = who.waits_for_home(saying="1 rollback open", seconds=SLOW)
            assert page in said(home)
            assert asked.rollback in said(home)
        assert f"🔔 {asked.rollback}" in said(lena.home() or {})
        assert marco.home() is None, "who has not opened it gets none"

        asked.presses(marco, "Stop")
        asked.becomes("stopped")
        for who in (lena, ana):
            who.waits_for_home(saying="No rollback is open", seconds=SLOW)
        assert lena.presses("◀ Before", lena.home() or {})["ok"]
        lena.waits_for_home(saying="page 1 of 2", seconds=SLOW)
        asked.is_told_once(marco, "stop")

        # The catalog has fewer of them now: who is on a page that is gone sees the last one there is.
        assert lena.presses("Next ▶", lena.home() or {})["ok"]
        lena.waits_for_home(saying="page 2 of 2", seconds=SLOW)
        catalog = shop.folder / "many.yml"
        fewer = dict(list(json.loads(catalog.read_text())["services"].items())[:3])
        (shop.folder / "fewer").write_text(json.dumps({"services": fewer}))
        (shop.folder / "fewer").rename(catalog)
        home = lena.waits_for_home(saying="3 services", seconds=SLOW)
        assert "page" not in said(home).lower()
        assert "shop-03" in said(home)
