"""Every name that Slack sends back to us, and what buttons carry: an id and a digest, nothing that could be believed.

A value that was made up decodes to None; what it names is looked up again in the history at every press.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from actions.history.values import RollbackId


class Button(StrEnum):
    """`action_id` of whatever can be pressed. Its value is a `Reference` unless it says otherwise."""

    APPROVE = "rollback_approve"
    REJECT = "rollback_reject"
    #: Opens the dialog that asks for a reason; only where the policy offers it.
    OVERRIDE = "rollback_override"
    BREAK_GLASS = "rollback_break_glass"
    REHEARSE = "rollback_rehearse"
    SHOW_SQL = "rollback_show_sql"
    SHOW_LEDGER = "rollback_show_ledger"
    SHOW_FINDINGS = "rollback_show_findings"
    CHANGE_STRATEGY = "rollback_change_strategy"
    STOP = "rollback_stop"
    RETRY = "rollback_retry"
    RESTORE = "rollback_restore"
    KEEP = "rollback_keep"
    #: After a halt: opens the dialog that asks what was seen.
    LOOKED = "rollback_looked"
    #: Of a runbook: what a person saw holds, or does not (asks what they saw). Their value is a `Tick`.
    TICK = "rollback_tick"
    CROSS = "rollback_cross"
    #: Answers with the story of a rollback, to whoever pressed.
    SHOW = "rollback_show"
    #: Uploads the post-mortem into the thread.
    EXPORT = "rollback_export"
    #: The dialog for a new one; its value is a service's name, or empty.
    START = "rollback_start"
    #: Another page of the dialog that is open.
    #: Two names for each, for a row has no name twice; which page it is says the value.
    LEDGER_PAGE = "ledger_page"
    LEDGER_BEFORE = "ledger_before"
    FINDINGS_PAGE = "findings_page"
    FINDINGS_BEFORE = "findings_before"
    #: All of it as a file, in a direct reply.
    LEDGER_FILE = "ledger_file"
    SQL_FILE = "sql_file"
    #: Another page of Home; its value is a `Page`.
    HOME_PAGE = "home_page"
    HOME_BEFORE = "home_before"
    #: Older entries of a list; its value is a `Page`.
    HISTORY_PAGE = "history_page"
    #: A link: Slack tells us that it was pressed and needs an answer, and nothing else happens.
    OPEN_CARD = "open_card"


class Dialog(StrEnum):
    """`callback_id` of views. Their `private_metadata` is a `Reference` unless it says otherwise."""

    #: `private_metadata` is an `Origin`.
    REQUEST = "request_dialog"
    LOADING = "loading_dialog"
    REJECT = "reject_dialog"
    OVERRIDE = "override_dialog"
    BREAK_GLASS = "break_glass_dialog"
    STRATEGY = "strategy_dialog"
    LOOKED = "looked_dialog"
    #: `private_metadata` is a `Tick`.
    CROSS = "cross_dialog"
    LEDGER = "ledger_dialog"
    FINDINGS = "findings_dialog"
    SQL = "sql_dialog"
    HOME = "home"


class Field(StrEnum):
    """`block_id` of an input, and `action_id` of the element in it: `values[field][field]`."""

    SERVICE = "service"
    #: Chosen from the list.
    TARGET = "target"
    #: Written by hand; counts more than the list.
    OTHER_TARGET = "other_target"
    STRATEGY = "strategy"
    #: Which one comes back, where a backup is restored.
    BACKUP = "backup"
    REASON = "reason"
    #: What people see; the matrix answers.
    FAILURE = "failure"
    WITH_DATA = "with_data"
    SEEN = "seen"
    WAY = "way"


_DIGEST: Final = re.compile(r"[0-9a-f]{8,64}")
_NUMBER: Final = re.compile(r"[0-9]{1,6}")
_NAME: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,46}[a-z0-9])?")
_STEP: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")
_PLACE: Final = re.compile(r"[CGD][A-Z0-9]{2,20}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """One rollback as it was shown: `RB-142`, `RB-142:digest`, `RB-142:digest:page`."""

    rollback: RollbackId
    #: Of what was shown; None where nothing depends on it.
    digest: str | None = None
    page: int = 1

    def encode(self) -> str:
        digest = self.digest or ""
        if self.page != 1:
            return f"{self.rollback}:{digest}:{self.page}"
        return f"{self.rollback}:{digest}" if digest else str(self.rollback)

    @classmethod
    def decode(cls, value: object) -> "Reference | None":
        """None for whatever we did not write. Never raises."""
        if not isinstance(value, str) or len(value) > 120:
            return None
        number, _, rest = value.partition(":")
        digest, _, page = rest.partition(":")
        found = re.fullmatch(r"RB-([1-9][0-9]{0,17})", number, re.ASCII)
        if not found or (digest and not _DIGEST.fullmatch(digest)) or (page and not _NUMBER.fullmatch(page)):
            return None
        if page and int(page) < 1:
            return None
        reference = cls(rollback=RollbackId(int(found[1])), digest=digest or None, page=int(page or 1))
        return reference if reference.encode() == value else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A step of a rollback that people tick: `RB-142:docker-compose-check-2`."""

    rollback: RollbackId
    step: str

    def encode(self) -> str:
        return f"{self.rollback}:{self.step}"

    @classmethod
    def decode(cls, value: object) -> "Tick | None":
        if not isinstance(value, str) or len(value) > 240:
            return None
        number, _, step = value.partition(":")
        reference = Reference.decode(number)
        return cls(rollback=reference.rollback, step=step) if reference and _STEP.fullmatch(step) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page of a list: `2`, `2:content-api`; before which rollback a history goes on: `RB-142:content-api`."""

    number: int = 1
    service: str | None = None
    before: RollbackId | None = None

    def encode(self) -> str:
        service = decode_service(self.service)
        return ":".join((str(self.before or self.number), *([service] if service else ())))

    @classmethod
    def decode(cls, value: object) -> "Page | None":
        if not isinstance(value, str) or len(value) > 120:
            return None
        first, _, service = value.partition(":")
        if service and not _NAME.fullmatch(service):
            return None
        if _NUMBER.fullmatch(first):
            page = cls(number=int(first), service=service or None)
        elif reference := Reference.decode(first):
            page = cls(before=reference.rollback, service=service or None)
        else:
            return None
        return page if page.number >= 1 and page.encode() == value else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where the dialog for a new rollback was opened: a channel's id, or nothing (Home)."""

    channel: str | None = None

    def encode(self) -> str:
        return self.channel or ""

    @classmethod
    def decode(cls, value: object) -> "Origin":
        """Anything else than a channel counts as nowhere: it decides only where an answer is said."""
        return cls(channel=value if isinstance(value, str) and _PLACE.fullmatch(value) else None)


def decode_service(value: object) -> str | None:
    """The service a START button was for; None where it names none, or was made up."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else None
