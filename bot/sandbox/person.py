"""A person, for tests: `ana.types("/rollback …")`, `ana.presses("Approve", card)`, `ana.submits({"Reason": "…"})`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bot.sandbox.control import acts, seeing
from bot.sandbox.interactions.refusing import NotPossible
from bot.sandbox.model.settling import elements_of

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox

Json = dict[str, Any]
PATIENCE = 20.0


class NothingCameError(AssertionError):
    """With what is there instead."""


class Actor:
    """What is done answers as in README.md: `{"ok": true}`, or `{"ok": false, "error": …, "message": …}`."""

    def __init__(self, sandbox: Sandbox, person: str) -> None:
        self._sandbox = sandbox
        self.id = person

    def acts(self, act: str, **given: Any) -> Json:
        async def doing() -> Json:
            try:
                return await acts.act(self._sandbox.slack, {"as": self.id, "act": act, **given})
            except NotPossible as refusal:
                return refusal.told()

        return self._sandbox.run(doing())

    # Doing ------------------------------------------------------------------------------------------------------------

    def types(self, text: str, channel: str = "#incidents", thread: str | None = None) -> Json:
        return self.acts("post", channel=self._sandbox.channel_id(channel), text=text, thread_ts=thread)

    def presses(self, label: str, where: Json, *, value: Any = None, values: Mapping[str, Any] | None = None) -> Json:
        """`where`: a message or a view; `label`: what the element says, or its action id."""
        block, element = _element(where, label)
        told = {"block_id": block["block_id"], "action_id": element["action_id"], "value": value}
        if "view_id" in (place := _place(where)):
            told["values"] = self._values(where, values or {})
        return self.acts("press", **place, **told)

    def submits(self, values: Mapping[str, Any] | None = None, *, view: Json | None = None) -> Json:
        """`values` by label, block id or action id; the others keep what they hold."""
        shown = view or self.modal()
        return self.acts("submit", view_id=shown["id"], values=self._values(shown, values or {}))

    def closes(self, view: Json | None = None, *, everything: bool = False) -> Json:
        return (
            self.acts("close", clear=True) if everything else self.acts("close", view_id=(view or self.modal())["id"])
        )

    def opens_home(self) -> Json:
        return self.acts("home", tab="home")

    # Seeing -----------------------------------------------------------------------------------------------------------

    def messages(self, channel: str = "#incidents") -> list[Json]:
        def look() -> list[Json]:
            slack = self._sandbox.slack
            viewer = seeing.person(slack, self.id)
            place = seeing.conversation(slack, viewer, slack.workspace.conversation(channel).id)
            found: list[Json] = seeing.messages(slack, viewer, place, None, 100_000)["messages"]
            return found

        return self._sandbox.do(look)

    def direct(self) -> list[Json]:
        """What the app and this person wrote to one another."""

        def look() -> list[Json]:
            slack = self._sandbox.slack
            viewer = seeing.person(slack, self.id)
            place = slack.workspace.direct(self.id, slack.workspace.bot.id)
            found: list[Json] = seeing.messages(slack, viewer, place, None, 100_000)["messages"]
            return found

        return self._sandbox.do(look)

    def thread(self, message: Json) -> list[Json]:
        def look() -> list[Json]:
            slack = self._sandbox.slack
            viewer = seeing.person(slack, self.id)
            place = seeing.conversation(slack, viewer, message["channel"])
            found: list[Json] = seeing.thread(slack, viewer, place, message["thread_ts"] or message["ts"])["messages"]
            return found

        return self._sandbox.do(look)

    def home(self) -> Json | None:
        found: Json | None = self.state()["home"]
        return found

    def views(self) -> list[Json]:
        found: list[Json] = self.state()["views"]
        return found

    def modal(self) -> Json:
        """The topmost."""
        open_views = self.views()
        if not open_views:
            raise NothingCameError("No modal is open")
        return open_views[-1]

    def state(self) -> Json:
        return self._sandbox.do(lambda: seeing.state(self._sandbox.slack, seeing.person(self._sandbox.slack, self.id)))

    # Waiting ----------------------------------------------------------------------------------------------------------

    def waits_for(
        self, channel: str = "#incidents", *, saying: str = "", seconds: float = PATIENCE, after: str = "0",
        ephemeral: bool | None = None,
    ) -> Json:  # fmt: skip
        """The newest message there with this text anywhere in it."""

        def look() -> Json | None:
            found = [each for each in self.messages(channel) if each["ts"] > after and saying in said(each)]
            found = [each for each in found if ephemeral in (None, each["ephemeral"])]
            return found[-1] if found else None

        return self._waits(
            look, seconds, f"{saying!r} in {channel}", lambda: [said(each) for each in self.messages(channel)]
        )

    def waits_for_reply(self, message: Json, *, saying: str = "", seconds: float = PATIENCE) -> Json:
        def look() -> Json | None:
            return next((each for each in self.thread(message)[1:] if saying in said(each)), None)

        return self._waits(
            look, seconds, f"{saying!r} in the thread", lambda: [said(each) for each in self.thread(message)]
        )

    def waits_for_modal(self, *, saying: str = "", seconds: float = PATIENCE) -> Json:
        def look() -> Json | None:
            return next((each for each in reversed(self.views()) if saying in said(each)), None)

        return self._waits(look, seconds, f"a modal saying {saying!r}", lambda: [said(each) for each in self.views()])

    def waits_for_home(self, *, saying: str = "", seconds: float = PATIENCE) -> Json:
        def look() -> Json | None:
            home = self.home()
            return home if home is not None and saying in said(home) else None

        return self._waits(look, seconds, f"a Home saying {saying!r}", lambda: [said(self.home() or {})])

    def _waits(self, look: Any, seconds: float, what: str, instead: Any) -> Json:
        """Woken by whatever this person is told."""
        journal = self._sandbox.slack.workspace.journal
        until = time.monotonic() + seconds
        while True:
            seen = journal.last
            found: Json | None = look()
            if found is not None:
                return found
            if (left := until - time.monotonic()) <= 0:
                raise NothingCameError(
                    f"Nothing like {what} came in {seconds:g} s. There is: {json.dumps(instead())[-3000:]}"
                )
            self._sandbox.run(self._next(seen, left))

    async def _next(self, seen: int, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                async for _ in self._sandbox.slack.workspace.journal.follow(self.id, seen):
                    return
        except TimeoutError:
            return

    def _values(self, view: Json, given: Mapping[str, Any]) -> Json:
        values: Json = {}
        unused = dict(given)
        for block in view["blocks"]:
            for element in elements_of(block):
                action = element.get("action_id")
                held = view["state"]["values"].get(block["block_id"], {}).get(action)
                if held is None:
                    continue
                label = block["label"]["text"] if block["type"] == "input" else None
                name = next((each for each in (label, block["block_id"], action) if each in unused), None)
                chosen = unused.pop(name) if name is not None else _plain(held)
                values.setdefault(block["block_id"], {})[action] = chosen
        if unused:
            raise NothingCameError(f"The modal has no {', '.join(unused)}; it says: {said(view)}")
        return values


def said(shown: Mapping[str, Any]) -> str:
    """All text of a message or a view, as people read it."""
    words = [shown["text"]] if isinstance(shown.get("text"), str) else []
    for name in ("title", "blocks", "submit", "close"):
        _collect(shown.get(name), words)
    words += [str(each["title"]) for each in shown.get("files") or ()]
    return "\n".join(words)


def _collect(value: Any, words: list[str]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("text", "alt_text") and isinstance(inner, str):
                words.append(inner)
            else:
                _collect(inner, words)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, words)


def _place(where: Json) -> Json:
    return {"view_id": where["id"]} if "root_view_id" in where else {"channel": where["channel"], "ts": where["ts"]}


def _element(where: Json, label: str) -> tuple[Json, Json]:
    offered = []
    for block in where["blocks"] or ():
        for element in elements_of(block):
            text = element.get("text") or element.get("placeholder") or {}
            names = (text.get("text") if isinstance(text, dict) else None, element.get("action_id"))
            if label in names:
                return block, element
            offered.append(names[0] or names[1])
    raise NothingCameError(f"There is no {label!r} to press; there is {', '.join(map(str, offered)) or 'nothing'}")


def _plain(held: Mapping[str, Any]) -> Any:
    """A held value in the page's words."""
    for name, value in held.items():
        if name == "selected_option":
            return value["value"] if value else None
        if name == "selected_options":
            return [each["value"] for each in value]
        if name != "type":
            return value
    return None
