"""The dialog for a new rollback: opened as a loading view at once, filled when the service was read."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from actions.errors import BackoutError, UnavailableError
from bot.lookups import backups_of, revisions_of
from bot.presence import Presence
from bot.render.buttons import Field, Origin
from bot.render.modals.answers import written
from bot.render.modals.request import RequestForm, loading, parts_of, request_dialog
from bot.replies import Reply


def open_dialog(presence: Presence, reply: Reply, *, service: str | None = None, reason: str = "") -> None:
    """A trigger lives three seconds; a service may take longer to be read."""
    opened = reply.view(loading("Reading the catalog"))
    origin = Origin(channel=reply.visitor.channel)
    reply.replace(opened, request_dialog(form_for(presence, service, origin, reason=reason)))


def fill_anew(presence: Presence, reply: Reply, view: Mapping[str, Any]) -> None:
    """Somebody chose a service, or wrote what they see."""
    values = (view.get("state") or {}).get("values") or {}
    form = form_for(
        presence, written(values, Field.SERVICE), Origin.decode(view.get("private_metadata")),
        reason=written(values, Field.REASON) or "", failure=written(values, Field.FAILURE) or "",
    )  # fmt: skip
    reply.replace(view, request_dialog(form))


def form_for(
    presence: Presence, service: str | None, origin: Origin, *, reason: str = "", failure: str = ""
) -> RequestForm:  # fmt: skip
    services = tuple(presence.catalog.services)
    given: dict[str, Any] = {"services": services, "origin": origin, "reason": reason, "failure": failure}
    if failure:
        given["answers"] = tuple(each.row for each in presence.advise(failure, service))
    if service is None or service not in presence.catalog.services:
        return RequestForm(**given)
    given["parts"] = parts_of(presence.catalog.service(service))
    with suppress(UnavailableError):  # asking says so, if it is still away then
        given["backups"] = backups_of(presence.desk.history, presence.catalog.service(service))
    try:
        live, revisions = revisions_of(presence.catalog.service(service), presence.places.environ)
    except BackoutError as error:
        return RequestForm(**given, service=service, trouble=error.what)
    return RequestForm(**given, service=service, live=live, revisions=revisions)
