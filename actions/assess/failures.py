"""What kind of failure it was, from what the driven Alembic told. Pure."""

import re

from actions.assess.error_words import shown
from actions.assess.seen import ScriptPath
from actions.assess.values import Failure, FailureKind
from actions.downgrade.told import Told, Trouble

#: By SQLSTATE, the longest beginning first.
BY_STATE: tuple[tuple[str, FailureKind], ...] = (
    ("2BP01", FailureKind.DEPENDENCY),
    ("55P03", FailureKind.LOCK),
    ("40P01", FailureKind.LOCK),
    ("57014", FailureKind.TIMEOUT),
    ("42501", FailureKind.SURROUNDINGS),
    ("0A000", FailureKind.BROKEN_SCRIPT),
    ("08", FailureKind.SURROUNDINGS),
    ("53", FailureKind.SURROUNDINGS),
    ("57", FailureKind.SURROUNDINGS),
    ("58", FailureKind.SURROUNDINGS),
    ("22", FailureKind.DATA_DOES_NOT_FIT),
    ("23", FailureKind.DATA_DOES_NOT_FIT),
    ("25", FailureKind.BROKEN_SCRIPT),
    ("42", FailureKind.BROKEN_SCRIPT),
)


#: A copy never has subscriptions, and publications only where its role may make them: it says nothing about the
#: live database that they are missing.
NOT_IN_A_COPY = re.compile(r'(publication|subscription) ".*" does not exist')


def failure_of(told: Told, path: ScriptPath | None) -> Failure | None:
    """None when it worked. Without the scripts, what the server and Python said has to do."""
    if told.trouble is None:
        return None
    trouble = told.trouble
    return Failure(
        kind=_kind(trouble, path),
        message=shown(trouble, source_of(path) if path else ""),
        sqlstate=trouble.sqlstate,
        revision=trouble.revision,
        objects=trouble.objects,
    )


def kind_of(trouble: Trouble) -> FailureKind:
    """From what was told alone, where the scripts were not read."""
    if trouble.timed_out:
        return FailureKind.TIMEOUT
    if trouble.sqlstate:
        return _by_state(trouble.sqlstate)
    if trouble.by_alembic and "locate revision" in trouble.message:
        return FailureKind.MISSING_SCRIPT
    if trouble.error_class == "NotImplementedError":
        return FailureKind.IRREVERSIBLE
    return FailureKind.BROKEN_SCRIPT if trouble.revision else FailureKind.SURROUNDINGS


def source_of(path: ScriptPath) -> str:
    """The text of all functions on the way: its words are the author's, not a row's."""
    sides = (side for step in path.revisions for side in (step.downgrade, step.upgrade))
    return "\n".join(side.source for side in sides if side.source)


def _kind(trouble: Trouble, path: ScriptPath | None) -> FailureKind:
    said_plainly = (
        (trouble.wrong_database, FailureKind.WRONG_DATABASE),
        (trouble.timed_out, FailureKind.TIMEOUT),
        (trouble.outside, FailureKind.OUTSIDE),
    )
    for is_so, kind in said_plainly:
        if is_so:
            return kind
    if trouble.sqlstate == "42704" and NOT_IN_A_COPY.search(trouble.message or ""):
        return FailureKind.SURROUNDINGS
    return _by_state(trouble.sqlstate) if trouble.sqlstate else _by_python(trouble, path)


def _by_state(sqlstate: str) -> FailureKind:
    return next((kind for state, kind in BY_STATE if sqlstate.startswith(state)), FailureKind.OTHER)


def _by_python(trouble: Trouble, path: ScriptPath | None) -> FailureKind:
    if trouble.by_alembic and "locate revision" in trouble.message:
        return FailureKind.MISSING_SCRIPT
    on_purpose = {revision.id for revision in path.revisions if revision.downgrade.body == "raises"} if path else set()
    if trouble.error_class == "NotImplementedError" or trouble.revision in on_purpose:
        return FailureKind.IRREVERSIBLE
    return FailureKind.BROKEN_SCRIPT if trouble.revision else FailureKind.SURROUNDINGS
