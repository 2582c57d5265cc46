"""Brings letters to the app by whichever way it is connected, and brings events again until they are acknowledged."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from bot.sandbox.clock import Clock
from bot.sandbox.delivery.letters import Acknowledged, Kind, Letter, Outcome, Unanswered
from bot.sandbox.delivery.requests import Requests
from bot.sandbox.delivery.sockets import Sockets
from bot.sandbox.knobs import Knobs, Redelivery

#: At once, after a minute, after five.
RETRIES = (0.0, 60.0, 300.0)


class Courier:
    def __init__(self, sockets: Sockets, requests: Requests, knobs: Knobs, clock: Clock) -> None:
        self.sockets = sockets
        self.requests = requests
        self._knobs = knobs
        self._clock = clock
        self._working: set[asyncio.Task[Any]] = set()

    @property
    def mode(self) -> str:
        return "http" if self.requests.addresses.any else "socket"

    @property
    def connected(self) -> int:
        return 1 if self.mode == "http" else len(self.sockets.able())

    async def deliver(self, letter: Letter) -> Outcome:
        """Once, and what came of it; it may come a second time, whose answer nobody waits for."""
        outcome = await self._once(letter)
        if self._comes_again(letter, outcome):
            self.in_background(self._once(replace(letter, retry_attempt=1, retry_reason="timeout")))
        return outcome

    def _comes_again(self, letter: Letter, outcome: Outcome) -> bool:
        """Slack promises nothing for commands and buttons; that a socket brings one twice has been seen."""
        if self._knobs.redeliver is Redelivery.ALL:
            return True
        lost = isinstance(outcome, Unanswered) and outcome.reason in ("timeout", "connection_closed")
        return self._knobs.redeliver is Redelivery.UNACKED and lost and letter.kind is not Kind.EVENT

    def post(self, letter: Letter) -> None:
        """An event: nobody waits for it."""
        self.in_background(self._until_acknowledged(letter))

    async def _until_acknowledged(self, letter: Letter) -> None:
        outcome = await self.deliver(letter)
        for attempt, pause in enumerate(RETRIES, start=1):
            if isinstance(outcome, Acknowledged) or self._knobs.redeliver is Redelivery.NONE:
                return
            await self._clock.sleep(pause)
            outcome = await self._once(replace(letter, retry_attempt=attempt, retry_reason=outcome.reason))

    async def _once(self, letter: Letter) -> Outcome:
        if self.mode == "http":
            return await self.requests.deliver(letter)
        return await self.sockets.deliver(letter)

    def in_background(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def stop(self) -> None:
        for each in list(self._working):
            each.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
