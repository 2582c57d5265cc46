"""Socket Mode: up to ten connections, each letter to one of them, whichever."""

import asyncio
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import WSMsgType, web

from bot.sandbox import ids
from bot.sandbox.clock import Clock, TooLateError
from bot.sandbox.delivery.letters import SECONDS, Acknowledged, Kind, Letter, Outcome, Unanswered
from bot.sandbox.traffic import Traffic

Json = dict[str, Any]
MOST = 10
#: A ticket from apps.connections.open is good for so long.
TICKET_SECONDS = 30.0
WARNING_SECONDS = 10.0


@dataclass(kw_only=True)
class Connection:
    name: str
    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    #: It was told to go and gets nothing more.
    leaving: bool = False
    waiting: dict[str, asyncio.Future[Any]] = field(default_factory=dict)


class Sockets:
    def __init__(self, app_id: str, clock: Clock, traffic: Traffic, changed: Callable[[], None]) -> None:
        self._app_id = app_id
        self._clock = clock
        self._traffic = traffic
        self._changed = changed
        self._tickets: dict[str, float] = {}
        self._chance = random.Random(20)  # noqa: S311 because which connection gets a letter is no secret
        self._arrived = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()
        self.open: dict[str, Connection] = {}

    def ticket(self) -> str:
        made = ids.secret()
        self._tickets[made] = self._clock.now() + TICKET_SECONDS
        return made

    def able(self) -> list[Connection]:
        return [each for each in self.open.values() if not each.leaving and not each.socket.closed]

    async def wait_for_connection(self, seconds: float, count: int = 1) -> bool:
        """In real seconds, since it is a real process that connects."""
        until = time.monotonic() + seconds
        while len(self.able()) < count:
            arrived = self._arrived
            try:
                async with asyncio.timeout(until - time.monotonic()):
                    await arrived.wait()
            except TimeoutError:
                return False
        return True

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self._tickets.pop(request.query.get("ticket", ""), 0.0) < self._clock.now():
            return web.Response(status=403, text="expired or unknown ticket")
        socket = web.WebSocketResponse(heartbeat=20.0)
        await socket.prepare(request)
        if len(self.open) >= MOST:
            await socket.send_json(_disconnect("too_many_websockets"))
            await socket.close()
            return socket
        connection = Connection(name=ids.secret(8), socket=socket, transport=request.transport)
        self.open[connection.name] = connection
        try:
            await socket.send_json(self._hello())
            self._traffic.note("socket", connection=connection.name, state="open", reason=None)
            arrived, self._arrived = self._arrived, asyncio.Event()
            arrived.set()
            self._changed()
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._received(connection, message.data)
        finally:
            del self.open[connection.name]
            for each in connection.waiting.values():
                if not each.done():
                    each.set_exception(ConnectionError("closed"))
            self._traffic.note("socket", connection=connection.name, state="closed", reason=None)
            self._changed()
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello", "num_connections": len(self.open), "connection_info": {"app_id": self._app_id},
            "debug_info": {"host": "applink-sandbox", "started": None, "build_number": 1, "approximate_connection_time": 18060},
        }  # fmt: skip

    def _received(self, connection: Connection, text: str) -> None:
        try:
            said = json.loads(text)
            envelope = str(said["envelope_id"])
        except (ValueError, KeyError, TypeError):
            self._traffic.note("ack", connection=connection.name, error="not an acknowledgement", payload=text[:500])
            return
        waiting = connection.waiting.get(envelope)
        late = waiting is None or waiting.done()
        if waiting is None or waiting.done():
            self._traffic.note(
                "ack", connection=connection.name, envelope_id=envelope, payload=said.get("payload"), late=late
            )
            return
        waiting.set_result(said.get("payload"))

    async def deliver(self, letter: Letter) -> Outcome:
        able = self.able()
        if not able:
            return Unanswered(error="dispatch_failed", reason="no_connection")
        connection = self._chance.choice(able)
        envelope = str(uuid4())
        shape: Json = {
            "envelope_id": envelope, "payload": letter.payload, "accepts_response_payload": letter.accepts_response,
            "type": Kind.INTERACTIVE.value if letter.kind is Kind.OPTIONS else letter.kind.value,
        }  # fmt: skip
        if letter.kind is Kind.EVENT or letter.retry_attempt:
            shape |= {"retry_attempt": letter.retry_attempt, "retry_reason": letter.retry_reason}
        self._traffic.note("envelope", delivery=letter.number, connection=connection.name, **shape)
        return await self._exchange(connection, envelope, shape, letter)

    async def _exchange(self, connection: Connection, envelope: str, shape: Json, letter: Letter) -> Outcome:
        waiting: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope] = waiting
        began = time.monotonic()
        try:
            await connection.socket.send_json(shape)
            payload = await self._clock.within(SECONDS, waiting)
        except TooLateError:
            self._traffic.note("ack", delivery=letter.number, envelope_id=envelope, error="operation_timeout")
            return Unanswered(error="operation_timeout", reason="timeout")
        except ConnectionError:
            self._traffic.note("ack", delivery=letter.number, envelope_id=envelope, error="connection closed")
            return Unanswered(error="dispatch_failed", reason="connection_closed")
        finally:
            # A late acknowledgement of it is noted, and changes nothing.
            connection.waiting.pop(envelope, None)
        self._traffic.note(
            "ack", delivery=letter.number, envelope_id=envelope, connection=connection.name, payload=payload,
            seconds=round(time.monotonic() - began, 4),
        )  # fmt: skip
        return Acknowledged(payload=payload)

    async def say_goodbye(self, reason: str) -> None:
        """To every connection. After a warning they have ten more seconds; otherwise they are closed at once."""
        for connection in list(self.open.values()):
            self._traffic.note("socket", connection=connection.name, state="disconnect", reason=reason)
            await connection.socket.send_json(_disconnect(reason))
            if reason == "warning":
                task = asyncio.create_task(self._close_later(connection))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)
            else:
                connection.leaving = True
                await connection.socket.close()

    async def _close_later(self, connection: Connection) -> None:
        await self._clock.sleep(WARNING_SECONDS)
        connection.leaving = True
        await connection.socket.close()

    async def drop(self) -> None:
        """Without a word, as when the network is gone."""
        for connection in list(self.open.values()):
            connection.leaving = True
            if connection.transport is not None:
                connection.transport.abort()


def _disconnect(reason: str) -> Json:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}}
