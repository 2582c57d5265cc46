"""A rollback in the demo from `/rollback` to its recorded end, as people would do it, with a transcript."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from actions.errors import BackoutError
from actions.history.lifecycle import FINAL, Status
from actions.history.queries import recent
from actions.history.values import RollbackId
from bot.demo import Demo, StoppedError
from bot.demo_world.workspace import CHANNEL, LEADS, ON_CALL
from bot.sandbox.person import Actor, NothingCameError
from bot.wiring import Wiring

SERVICE = "newsletter"
WITHIN_SECONDS = 180.0
ANSWER_SECONDS = 60.0
LAST_WORDS = "was seen to be well"
Say = Callable[[str], None]


def play(demo: Demo, say: Say, *, should_stop: Callable[[], bool] = lambda: False) -> None:
    """BackoutError unless everything happened, and was seen to have happened; StoppedError when it should stop."""
    names = {demo.slack.person(name).id: name.capitalize() for name in (ON_CALL, *LEADS)}
    ana, lena = demo.slack.person(ON_CALL), demo.slack.person(LEADS[0])
    listener = _Listener(ana, names, say)

    def waits_for(saying: str, **where: Any) -> dict[str, Any]:
        return _patiently(lambda: ana.waits_for(CHANNEL, saying=saying, seconds=1, **where), should_stop)

    say(f"Ana: /rollback {SERVICE} because mails bounce")
    _must(ana.types(f"/rollback {SERVICE} because mails bounce", CHANNEL), "typing the command")
    card = waits_for("Approve", ephemeral=False)
    listener.tell()
    say("Ana presses Approve, though she asked for it herself.")
    _must(ana.presses("Approve", card), "pressing Approve")
    waits_for("", ephemeral=True, after=card["ts"])
    listener.tell()
    say("Lena presses Approve.")
    _must(lena.presses("Approve", card), "pressing Approve")
    rollback, status = _follow(demo, listener, should_stop)
    if status is not Status.SUCCEEDED:
        raise BackoutError(f"{rollback} ended {status}", next_step="See the transcript above.")
    # The last words are said a moment after the last step.
    waits_for(LAST_WORDS, ephemeral=False, after=card["ts"])
    listener.tell()
    for what, is_so in _seen(demo, rollback):
        say(f"{'✓' if is_so else '✗'} {what}")
        if not is_so:
            raise BackoutError(f"It was not so: {what}")


def _patiently(look: Callable[[], dict[str, Any]], should_stop: Callable[[], bool]) -> dict[str, Any]:
    until = time.monotonic() + ANSWER_SECONDS
    while True:
        if should_stop():
            raise StoppedError
        try:
            return look()
        except NothingCameError as error:
            if time.monotonic() > until:
                raise BackoutError(str(error)) from error


def _seen(demo: Demo, rollback: RollbackId) -> list[tuple[str, bool]]:
    """What is checked from outside, after the product said that all is well."""
    with ThreadPoolExecutor(2) as threads:
        told = threads.submit(_backout, demo, "show", str(rollback), "--json")
        audited = threads.submit(_backout, demo, "audit", "--json")
        page, is_written_to = _health(demo), _is_written_to(demo)
    return [
        ("the history has it as succeeded", json.loads(told.result())["rollback"]["status"] == "succeeded"),
        ("the database is at revision 0001", page.get("revision") == "0001"),
        ("the older release runs, and is well", (page.get("release"), page.get("status")) == ("older", "ok")),
        ("the writer writes again", is_written_to),
        ("the record is as it was written", json.loads(audited.result())["whole"] is True),
    ]


def _is_written_to(demo: Demo) -> bool:
    """More mails than a moment ago."""
    with psycopg.connect(demo.environ["NEWSLETTER_DATABASE_URL"], autocommit=True) as there:
        before = there.execute("SELECT count(*) FROM mails").fetchone()
        for _ in range(100):
            time.sleep(0.1)
            if there.execute("SELECT count(*) FROM mails").fetchone() != before:
                return True
    return False


def _health(demo: Demo) -> dict[str, object]:
    checks = Wiring(environ=demo.environ).catalog.service(SERVICE).checks
    address = next(str(check.http) for check in checks if hasattr(check, "http"))
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 because it is our own page on this machine
        found: dict[str, object] = json.load(answer)
    return found


def _backout(demo: Demo, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words], env=dict(demo.environ), cwd=demo.world, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BackoutError(f"`backout {' '.join(words)}` ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def _follow(demo: Demo, listener: "_Listener", should_stop: Callable[[], bool]) -> tuple[RollbackId, Status]:
    """Until it has ended, or waits for people."""
    until = time.monotonic() + WITHIN_SECONDS
    with Wiring(environ=demo.environ).history() as history:
        while time.monotonic() < until:
            newest = recent(history, limit=1)[0]
            listener.tell()
            if newest.status in FINAL or newest.status in (Status.CHOOSING, Status.HALTED):
                return newest.id, newest.status
            if should_stop():
                raise StoppedError
            time.sleep(0.25)
    raise BackoutError(f"It did not end within {WITHIN_SECONDS:.0f} seconds")


def _must(answer: dict[str, object], doing: str) -> None:
    if not answer.get("ok"):
        raise BackoutError(f"Slack would not have it, {doing}: {answer.get('message') or answer.get('error')}")


class _Listener:
    """Tells each message once, and again when its first line has changed."""

    def __init__(self, person: Actor, names: dict[str, str], say: Say) -> None:
        self._person, self._names, self._say = person, names, say
        self._told: dict[str, str] = {}

    def tell(self) -> None:
        for message in self._person.messages(CHANNEL):
            self._one(message, "")
            if message.get("reply_count"):
                for reply in self._person.thread(message)[1:]:
                    self._one(reply, "    ")

    def _one(self, message: dict[str, object], indent: str) -> None:
        key, text = str(message["ts"]), self._in_words(str(message["text"] or "").strip())
        if not text or self._told.get(key) == text or text.startswith("/"):
            return
        again = key in self._told
        self._told[key] = text
        who = self._names.get(str(message["user"]), "Backout")
        only = " (only Ana sees this)" if message.get("ephemeral") else ""
        self._say("\n".join(f"{indent}{line}" for line in f"{who}{only}{' …' if again else ''}: {text}".splitlines()))

    def _in_words(self, text: str) -> str:
        """People by their names, times as they are written for those who cannot show them."""
        text = re.sub(r"<@(\w+)>", lambda found: f"@{self._names.get(found[1], found[1])}", text)
        text = re.sub(r"<!date\^[^|>]*\|([^>]*)>", r"\1", text)
        return re.sub(r"<!subteam\^\w+>", "@leads", text)
