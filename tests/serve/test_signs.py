"""Signs of life, and what /health and /ready make of them."""

import json
import socket
import threading
import urllib.request
from typing import Any
from urllib.error import HTTPError

import pytest

from bot.signs import ANSWERING, FRESH_SECONDS, GONE_SECONDS, KEEPER, WORK, Signs
from bot.transports import Web


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_part_is_missed_at_once_and_starting_all_of_it_anew_helps_only_when_nobody_brings_it_back() -> None:
    clock = Clock()
    signs = Signs((ANSWERING, WORK), clock)
    signs.turns(WORK)
    assert signs.works(WORK)
    clock.now += FRESH_SECONDS
    signs.lives(WORK)
    assert not signs.works(WORK), "it lives, and its loop stands still"
    assert not signs.is_there(ANSWERING)
    assert signs.all_there()
    clock.now += GONE_SECONDS - FRESH_SECONDS
    for part in (ANSWERING, WORK):
        signs.lives(part)
    assert not signs.all_there(), "whoever looks after them is gone"
    signs.lives(KEEPER)
    assert signs.all_there()
    assert not signs.hangs(WORK)
    clock.now += 1
    assert signs.hangs(WORK)
    signs.rests(WORK)
    assert not signs.hangs(WORK)


def asked(port: int, what: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{what}", timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@pytest.mark.parametrize("well", [True, False])
def test_health_and_ready_say_it_with_their_status_too(well: bool) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    web = Web(f"127.0.0.1:{port}", lambda: {"history": True, "work": well}, lambda: well, None)
    web.start(threading.Event())
    try:
        assert asked(port, "health") == (200 if well else 503, {"status": "ok" if well else "not ok"})
        status = "ready" if well else "not ready"
        assert asked(port, "ready") == (200 if well else 503, {"status": status, "history": True, "work": well})
    finally:
        web.stop()
