"""The Home tab: services, what is open, what was last; one view, the same for everybody."""

from dataclasses import dataclass
from datetime import datetime

from actions.history.values import BackupRecord, Rollback
from bot.render.blocks import section
from bot.render.buttons import Dialog
from bot.render.foreign import foreign
from bot.render.limits import fit_view
from bot.render.message import View


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceNow:
    """One service as Home shows it. None: not known."""

    name: str
    environment: str
    revision: str | None
    since: datetime | None
    backup: BackupRecord | None
    open: Rollback | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HomePage:
    #: All of them; which are shown is a matter of the page.
    services: tuple[ServiceNow, ...]
    recent: tuple[Rollback, ...]
    at: datetime
    page: int = 1


def home(shown: HomePage) -> View:
    blocks = [section(foreign(each.name)) for each in shown.services]
    return fit_view({"type": "home", "callback_id": Dialog.HOME.value, "blocks": blocks})
