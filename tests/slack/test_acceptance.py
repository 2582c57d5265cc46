"""The whole path, in Slack: a real service, a real `backout serve`, and the strict local Slack between them and people."""

from collections.abc import Iterator

import psycopg
import pytest

from actions.embedded import EmbeddedPostgres
from bot.sandbox.sandbox import Sandbox
from tests.slack.serving import MANIFEST, PLANTED, SLOW, Shop, a_shop, people, said, served


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(manifest=MANIFEST) as running:
        running.turn(limits_factor=5)
        yield running


@pytest.fixture(scope="module")
def shop(postgres_server: EmbeddedPostgres) -> Iterator[Shop]:
    with a_shop(postgres_server, policy={"quorum": 2}) as made:
        with psycopg.connect(made.url) as connection:
            connection.execute("INSERT INTO customers VALUES (900, %s)", [PLANTED])
        made.start()
        yield made


@pytest.mark.timeout(400)
@pytest.mark.parametrize("mode", ["socket", pytest.param("http", marks=pytest.mark.slow)])
def test_from_the_request_to_the_end(shop: Shop, sandbox: Sandbox, mode: str) -> None:
    target = f"{int(shop.revision()) - 1:04}"
    ana, lena, marco, omar = (sandbox.person(name) for name in ("ana", "lena", "marco", "omar"))
    if mode == "http":
        sandbox.turn(redeliver="all")
    shop.more = people(sandbox)
    shop.write_catalog()
    with served(shop, sandbox, mode=mode) as bot:
        asked = bot.asked(ana)
        ana.waits_for(saying="assess", ephemeral=True, seconds=SLOW)
        ask = asked.message(lena, "ask")
        assert f"<!subteam^{sandbox.group_id('leads')}>" in said(ask)
        card = asked.offers(ana, "Approve")

        for who, words in ((ana, "asked for it"), (omar, "may not")):
            assert who.presses("Approve", card)["ok"]
            who.waits_for(saying=words, ephemeral=True, seconds=SLOW)
        for who in (lena, marco):
            assert who.presses("Approve", card)["ok"]
            ana.waits_for(saying=f"<@{who.id}>", after=ask["ts"], ephemeral=False, seconds=SLOW)

        asked.becomes("succeeded", 300)
        told = asked.is_told_once(ana, "went back")
        assert told["chain"][0]["thread_ts"] == told["live"][0]["ts"]
        assert "record up to" in said(told["chain"][0])
        assert told["card"][0]["ts"] == card["ts"]
        assert "Approve" not in str(told["card"][0]["blocks"])
    assert shop.revision() == target
