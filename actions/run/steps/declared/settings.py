"""Switching a setting of a file, as a step: what the file was is kept, and comes back with the undo."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from actions.catalog.envref import EnvRef
from actions.files import env_setting
from actions.files.switching import read, switched, write
from actions.history.canonical import JsonObject
from actions.redaction import learn_secret
from actions.run.action import Answer, Done, Moment, Partly, Untouched
from actions.run.steps.declared.base import keeper_for, step_of
from actions.run.steps.site import Site


@dataclass(frozen=True, kw_only=True)
class SwitchSetting:
    site: Site

    def ask(self, at: Moment) -> Answer:
        if at.step.captured is None:
            return Untouched()
        before, after = self._before_and_after(step_of(at))
        return Done(result={"found_switched": True}) if before == after else Partly(what="the file is not switched yet")

    def do(self, at: Moment) -> JsonObject:
        step = step_of(at)
        keeper_for(self.site, at, self.site.house.folder).keep([step.file])
        before, after = self._before_and_after(step)
        at.capture({**(at.step.captured or {}), "wrote": _mark(after)})
        if before != after:
            file = self.site.house.folder / step.file
            file.parent.mkdir(parents=True, exist_ok=True)
            write(file, after)
        return {"file": step.file, "changed": before != after}

    def undo(self, at: Moment) -> None:
        """The very file as it was; when somebody else changed it meanwhile, their changes stay and this one setting goes back."""
        keeper = keeper_for(self.site, at, self.site.house.folder)
        if at.step.captured is None or not keeper.is_whole():
            return
        step = step_of(at)
        file = self.site.house.folder / step.file
        now = read(file)
        if _mark(now) == at.step.captured.get("wrote"):
            keeper.give_back(made=[step.file])
            return
        kept = keeper.content(step.file)
        before = (kept or b"").decode("utf-8", "surrogateescape")
        if now == before:
            return
        old = env_setting.value_of(before, step.setting) if step.service is None else None
        if old is None:
            keeper.give_back(made=[step.file])
            return
        write(file, env_setting.switch(now, step.setting, old).text)

    def _before_and_after(self, step: Any) -> tuple[str, str]:
        value = step.to
        if isinstance(value, EnvRef):
            value = value.resolve(self.site.environ)
            learn_secret(value)
        before = read(self.site.house.folder / step.file)
        return before, switched(before, file=step.file, service=step.service, name=step.setting, value=value)


def _mark(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
