"""A rollback in the demo from `/rollback` to its recorded end, as people would do it, with a transcript."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable

import psycopg

from actions.errors import BackoutError
from actions.history.lifecycle import FINAL, Status
from actions.history.queries import show
from actions.history.values import RollbackId
from bot.demo import Demo
from bot.demo_world.workspace import CHANNEL, LEADS, ON_CALL
from bot.sandbox.person import Actor
from bot.wiring import Wiring

SERVICE = "newsletter"
WITHIN_SECONDS = 180.0
Say = Callable[[str], None]


def play(demo: Demo, say: Say) -> None:
    """BackoutError unless everything happened, and was seen to have happened."""
    names = {demo.slack.person(name).id: name.capitalize() for name in (ON_CALL, *LEADS)}
    ana, lena = demo.slack.person(ON_CALL), demo.slack.person(LEADS[0])
    listener = _Listener(ana, names, say)
    say(f"Ana: /rollback {SERVICE} because mails bounce")
    _must(ana.types(f"/rollback {SERVICE} because mails bounce", CHANNEL), "typing the command")
    card = ana.waits_for(CHANNEL, saying="Approve", seconds=60, ephemeral=False)
    listener.tell()
    say("Ana presses Approve, though she asked for it herself.")
    _must(ana.presses("Approve", card), "pressing Approve")
    ana.waits_for(CHANNEL, saying="", ephemeral=True, after=card["ts"], seconds=30)
    listener.tell()
    say("Lena presses Approve.")
    _must(lena.presses("Approve", card), "pressing Approve")
    rollback = _newest(demo)
    status = _follow(demo, rollback, listener)
    listener.tell()
    if status is not Status.SUCCEEDED:
        raise BackoutError(f"{rollback} ended {status}", next_step="See the transcript above.")
    for what, is_so in _seen(demo, rollback):
        say(f"{'✓' if is_so else '✗'} {what}")
        if not is_so:
            raise BackoutError(f"It was not so: {what}")


def _seen(demo: Demo, rollback: RollbackId) -> list[tuple[str, bool]]:
    """What is checked from outside, after the product said that all is well."""
    shown = json.loads(_backout(demo, "show", str(rollback), "--json"))
    page = _health(demo)
    return [
        ("the history has it as succeeded", shown["rollback"]["status"] == "succeeded"),
        ("the database is at revision 0001", page.get("revision") == "0001"),
        ("the older release runs, and is well", (page.get("release"), page.get("status")) == ("older", "ok")),
        ("the writer writes again", _is_written_to(demo)),
        (
            "the record is as it was written",
            "intact" in _backout(demo, "audit") or bool(_backout(demo, "audit", "--json")),
        ),
    ]


def _is_written_to(demo: Demo) -> bool:
    """More mails than a moment ago."""
    with psycopg.connect(demo.environ["NEWSLETTER_DATABASE_URL"], autocommit=True) as there:
        before = there.execute("SELECT count(*) FROM mails").fetchone()
        for _ in range(20):
            time.sleep(0.5)
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


def _newest(demo: Demo) -> RollbackId:
    shown = json.loads(_backout(demo, "history", "--json"))
    rows = shown["rollbacks"] if isinstance(shown, dict) else shown
    return RollbackId.parse(str(rows[0]["id"]))


def _follow(demo: Demo, rollback: RollbackId, listener: "_Listener") -> Status:
    until = time.monotonic() + WITHIN_SECONDS
    with Wiring(environ=demo.environ).history() as history:
        while time.monotonic() < until:
            status = show(history, rollback).rollback.status
            listener.tell()
            if status in FINAL or status in (Status.CHOOSING, Status.HALTED):
                # The last words are said a moment after the last step.
                time.sleep(4)
                return status
            time.sleep(0.5)
    raise BackoutError(f"{rollback} did not end within {WITHIN_SECONDS:.0f} seconds")


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
