"""Compares the copy on which a downgrade ran with the untouched one it was made from.

What it costs. Every table is read once on each side for its fingerprint (about 600,000 small rows a second and core);
that alone decides that it is unchanged, so nothing depends on what the caller believes was touched. A table that
differs is read once more by column, and its rows are then merged in the order of their keys (about 100,000 a second).
Answers about the reference are remembered: the second comparison reads of it only what it has not asked before.
Locks are those of a plain SELECT; sessions are read-only, and closed at the end, so that copies can be dropped.
"""

from collections.abc import Collection

from actions.assess.content.both import both
from actions.assess.content.budget import UNLIMITED, Budget
from actions.assess.content.comparing import compare_all
from actions.assess.content.looking import Row, looking_at
from actions.assess.content.outcomes import Comparison
from actions.assess.schema.naming import Identity
from actions.assess.schema.values import Schema


class Reference:
    """The copy that nobody touches. It is connected to only while a comparison runs.

    Nothing may write to either side meanwhile. Both sides must be of one server, whose hash function they share.
    """

    def __init__(self, url: str, *, ignore_tables: Collection[str] = ("alembic_version",)) -> None:
        self._url = url
        self._ignored = tuple(ignore_tables)
        self._schema: Schema | None = None
        self._remembered: dict[str, Row] = {}

    def after_downgrade(
        self, changed_url: str, *, budget: Budget = UNLIMITED, likely: Collection[Identity] = ()
    ) -> Comparison:
        """What is different in the copy. Tables and columns are matched by their ids, so a rename is no loss.

        `likely` tables are read first: it matters only where the budget does not suffice.
        """
        return self._compare(changed_url, budget, likely, by_id=True)

    def after_reupgrade(
        self, changed_url: str, *, budget: Budget = UNLIMITED, likely: Collection[Identity] = ()
    ) -> Comparison:
        """What of the reference is not in the copy again. Tables and columns are matched by name."""
        return self._compare(changed_url, budget, likely, by_id=False)

    def _compare(self, changed_url: str, budget: Budget, likely: Collection[Identity], *, by_id: bool) -> Comparison:
        ours = looking_at(self._url, ignore_tables=self._ignored, schema=self._schema, remembered=self._remembered)
        with ours as before, looking_at(changed_url, ignore_tables=self._ignored) as now:
            self._schema = before.schema
            with both(before, now, budget) as pair:
                return compare_all(pair, likely, by_id=by_id)
