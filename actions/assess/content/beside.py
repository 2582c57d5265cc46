"""Content beside the tables: sequences and large objects."""

from actions.assess.content.both import Both
from actions.assess.content.lines import surplus
from actions.assess.content.looking import Look
from actions.assess.content.outcomes import LargeObjectOutcome, SequenceMove

_SEQUENCES = """
SELECT s.seqrelid::pg_catalog.int8,
       CASE WHEN has_sequence_privilege(s.seqrelid, 'SELECT, USAGE') THEN pg_sequence_last_value(s.seqrelid) END
FROM pg_sequence s"""

_LARGE_OBJECTS_READABLE = "SELECT has_table_privilege('pg_largeobject', 'SELECT')"
_LARGE_OBJECTS = "SELECT count(*) FROM pg_largeobject_metadata"

#: Each by its id, with its content where that may be read: an id and a hash that no reordering of pages changes.
_IDS = """
COPY (SELECT oid::pg_catalog.int8, 1::pg_catalog.int8 FROM pg_largeobject_metadata ORDER BY 1)
TO STDOUT (FORMAT binary)"""
_CONTENTS = """
COPY (SELECT h, count(*) FROM (
    SELECT hashtextextended(ROW(m.oid, md5(string_agg(md5(p.data) || p.pageno, ',' ORDER BY p.pageno)))::text
                            COLLATE "C", 0) AS h
    FROM pg_largeobject_metadata m LEFT JOIN pg_largeobject p ON p.loid = m.oid GROUP BY m.oid) AS r
GROUP BY h ORDER BY h) TO STDOUT (FORMAT binary)"""


def compare_sequences(both: Both, *, by_id: bool) -> tuple[SequenceMove, ...]:
    """Those on both sides that stand elsewhere."""
    ours, theirs = both.at_once(_standing, _standing)
    there = {(s.oid if by_id else s.identity): s for s in both.now.schema.sequences}
    moves = []
    for sequence in both.before.schema.sequences:
        found = there.get(sequence.oid if by_id else sequence.identity)
        if found is not None and ours.get(sequence.oid) != theirs.get(found.oid):
            before, now = ours.get(sequence.oid), theirs.get(found.oid)
            moves.append(SequenceMove(sequence=sequence.identity, before=before, now=now))
    return tuple(moves)


def compare_large_objects(both: Both) -> tuple[LargeObjectOutcome | None, bool]:
    """What is different (None: nothing), and whether their contents could be read too."""
    (ours, theirs) = both.at_once(_large_objects, _large_objects)
    readable = ours[1] and theirs[1]
    if not (ours[0] or theirs[0]):
        return None, True
    lost, new = _alone(both, _IDS)
    without_equal = _alone(both, _CONTENTS)[0] if readable else lost
    found = LargeObjectOutcome(before=ours[0], lost=lost, changed=without_equal - lost, new=new)
    return (found if found.lost or found.changed or found.new else None), readable


def _standing(look: Look) -> dict[int, int | None]:
    return dict(look.rows(_SEQUENCES))


def _large_objects(look: Look) -> tuple[int, bool]:
    return int(look.ask(_LARGE_OBJECTS)[0]), bool(look.ask(_LARGE_OBJECTS_READABLE)[0])


def _alone(both: Both, question: str) -> tuple[int, int]:
    def work(before: Look, now: Look) -> tuple[int, int]:
        with before.lines(question, 2) as ours, now.lines(question, 2) as theirs:
            found = surplus(ours, theirs)
            return found.before, found.now

    return both.together(work)
