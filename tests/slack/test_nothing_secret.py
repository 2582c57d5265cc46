"""Nothing secret ever leaves: passwords, addresses of databases and values of rows are planted wherever something of a service
is repeated, all of it is shown in Slack, and every payload, message and file and every log line is searched for them.

The services' own tools are as careless as tools are: they print what they were given, and put it into their errors.
"""

import secrets
import stat
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from actions.embedded import EmbeddedPostgres
from bot.sandbox.sandbox import Sandbox
from tests.slack.asked import Asked
from tests.slack.looking import secrets_in, sent
from tests.slack.serving import (
    FIRST,
    MANIFEST,
    PLANTED,
    SLOW,
    THIRD,
    Served,
    a_shop,
    said,
    served,
    soon,
    steps,
    wait_for,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(500)]

#: In an environment variable of the service's commands.
TOKEN = f"hunter-{secrets.token_hex(8)}"
#: When it is told to, the downgrade meets a row that it cannot take, or says where it was connected.
SECOND = """
import os
from alembic import op
import sqlalchemy as sa
revision, down_revision = "0002", "0001"
def upgrade():
    op.add_column("orders", sa.Column("note", sa.Text))
def downgrade():
    if os.path.exists(os.environ["FLAGS"] + "/careless"):
        raise RuntimeError("cannot reach " + os.environ["SHOP_URL"] + " with " + os.environ["API_TOKEN"])
    if os.path.exists(os.environ["FLAGS"] + "/strict"):
        op.create_unique_constraint("one_of_each", "customers", ["name"])
    op.drop_column("orders", "note")
"""
CARELESS = """#!/bin/sh
echo "connecting to $SHOP_URL as $API_TOKEN"
echo "token was $API_TOKEN, url was $SHOP_URL" >&2
[ ! -e sick ]
"""


@pytest.fixture(scope="module")
def bot(postgres_server: EmbeddedPostgres) -> Iterator[Served]:
    with Sandbox(manifest=MANIFEST) as sandbox:
        sandbox.turn(limits_factor=5)
        how = {"scripts": (FIRST, SECOND, THIRD), "patience": "60s", "surroundings": {"API_TOKEN": "${API_TOKEN}"}}
        with a_shop(postgres_server, **how) as shop:
            with psycopg.connect(shop.url) as connection:
                for number in (900, 901):
                    connection.execute("INSERT INTO customers VALUES (%s, %s)", [number, PLANTED])
                connection.execute("UPDATE orders SET note = %s WHERE id <= 50", [PLANTED])
            shop.surroundings["FLAGS"] = str(shop.folder)
            tool = shop.folder / "careless.sh"
            tool.write_text(CARELESS)
            tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
            shop.start()
            with served(shop, sandbox, BACKOUT_LOG_LEVEL="debug", API_TOKEN=TOKEN) as made:
                yield made
            assert secrets_in(made.log.read_text(), shop, sandbox, TOKEN) == []


def searched(bot: Served) -> None:
    assert secrets_in(sent(bot.sandbox), bot.shop, bot.sandbox, TOKEN) == []


def test_what_fails_on_a_copy_of_the_data_is_told_without_the_row(bot: Served) -> None:
    ana = bot.sandbox.person("ana")
    bot.says(policy={"quorum": 1})
    (bot.shop.folder / "strict").touch()
    asked = bot.asked(ana, "/rollback shop to 0001 with data because checkout fails")
    wait_for(lambda: asked.status() in ("waiting", "refused"), "it is not assessed", SLOW)
    assert "unique" in bot.shop.backout("show", asked.rollback).stdout.lower()
    if asked.status() == "waiting":
        asked.presses(ana, "Stop")
    wait_for(lambda: asked.status() in ("stopped", "refused"), "it does not end", SLOW)
    (bot.shop.folder / "strict").unlink()
    told = asked.is_told_once(ana, asked.status())
    _writes_it_down(asked, ana, told["card"][0])
    searched(bot)


def test_a_run_whose_tools_print_everything_and_fail_says_none_of_it(bot: Served) -> None:
    ana, lena = bot.sandbox.person("ana"), bot.sandbox.person("lena")
    careless = {"command": ["./careless.sh"]}
    bot.says(
        policy={"quorum": 1}, checks=[careless], application={"command": ["./careless.sh"], "undo": ["./careless.sh"]}
    )
    (bot.shop.folder / "sick").touch()
    asked = bot.asked(ana)
    asked.presses(lena, "Approve")
    asked.becomes("choosing")
    live = asked.offers(lena, "Retry", key="live")
    assert "token was" in said(live) or "careless" in said(live), said(live)
    (bot.shop.folder / "sick").unlink()
    asked.presses(lena, "Retry", key="live")
    asked.becomes("succeeded")
    told = asked.is_told_once(ana, "went back")
    _writes_it_down(asked, ana, told["live"][0])
    for words in ("status", f"show {asked.rollback}", "history shop", "backups shop"):
        assert ana.types(f"/rollback {words}")["ok"]
        ana.waits_for(saying="shop", ephemeral=True, seconds=SLOW)
    shown = bot.shop.backout("show", asked.rollback, API_TOKEN=TOKEN)
    assert secrets_in(shown.stdout + shown.stderr, bot.shop, bot.sandbox, TOKEN) == []
    searched(bot)


@pytest.mark.parametrize(("flag", "words"), [("strict", "unique"), ("careless", "RuntimeError")])
def test_a_downgrade_that_fails_on_the_copy_of_a_run_says_neither_row_nor_address(
    bot: Served, flag: str, words: str
) -> None:
    ana, lena = bot.sandbox.person("ana"), bot.sandbox.person("lena")
    if bot.shop.revision() != "0003":
        bot.at_head()
    bot.says(policy={"quorum": 1})
    asked = bot.asked(ana, "/rollback shop to 0001 because checkout fails")
    asked.presses(lena, "Approve")
    # Until here it succeeded wherever it was tried; a change that comes sooner is noticed as one.
    wait_for(lambda: steps(bot.shop).get("prove-quiet") == "done", f"{steps(bot.shop)}", SLOW * 2)
    (bot.shop.folder / flag).touch()
    asked.becomes("failed")
    (bot.shop.folder / flag).unlink()
    told = asked.is_told_once(ana, "failed")
    everything = " ".join(said(each) for some in told.values() for each in some)
    assert words.lower() in everything.lower(), everything
    _writes_it_down(asked, ana, told["live"][0])
    searched(bot)


def _writes_it_down(asked: Asked, who: Any, message: dict[str, Any]) -> None:
    who.presses("Post-mortem file", message)
    soon(lambda: [each for reply in who.thread(message)[1:] for each in reply["files"]], SLOW)


def test_what_somebody_types_is_said_again_without_the_password_in_it(bot: Served) -> None:
    ana: Any = bot.sandbox.person("ana")
    asked = bot.asked(ana, f"/rollback shop because postgresql://somebody:{TOKEN}@db/shop is down")
    asked.offers(ana, "Stop")
    asked.presses(ana, "Stop")
    asked.becomes("stopped")
    asked.is_told_once(ana, "stop")
    searched(bot)
