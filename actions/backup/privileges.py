"""May our role read all of a database? A backup that lacks what it may not see would be worse than none."""

from collections.abc import Sequence
from dataclasses import dataclass

from actions.backup.tables import NOT_OURS, Connection
from actions.errors import RefusedError

#: More are counted, not named.
_MOST_NAMED = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """Names of what the role cannot read, each with its kind."""

    role: str
    forbidden: tuple[str, ...]
    #: Tables of which a policy of row security hides rows.
    filtered: tuple[str, ...]


_RELATIONS = f"""
SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' WHEN 'm' THEN 'materialised view ' ELSE 'table ' END
    || format('%I.%I', n.nspname, c.relname),
  has_schema_privilege(n.oid, 'USAGE') AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'SELECT')
    ELSE has_table_privilege(c.oid, 'SELECT') END,
  c.relkind IN ('r', 'p') AND row_security_active(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S', 'm') AND NOT ({NOT_OURS})
ORDER BY c.relkind, 1
"""  # noqa: S608  text of ours alone
_LARGE_OBJECTS = """
SELECT count(*) FROM pg_largeobject_metadata m
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
  AND current_setting('lo_compat_privileges') = 'off'
  AND NOT pg_has_role(m.lomowner, 'USAGE')
  AND NOT EXISTS (SELECT FROM aclexplode(m.lomacl) g
    WHERE g.privilege_type = 'SELECT' AND (g.grantee = 0 OR pg_has_role(g.grantee, 'USAGE')))
"""


def look_for_unreadable(connection: Connection) -> Unreadable:
    """Asks the server, for every relation and large object."""
    (role,) = connection.execute("SELECT current_user::text").fetchone() or ("",)
    relations = connection.execute(_RELATIONS.encode()).fetchall()
    (objects,) = connection.execute(_LARGE_OBJECTS).fetchone() or (0,)
    forbidden = [name for name, may_read, _ in relations if not may_read]
    if objects:
        forbidden.append(f"{objects:,} large objects")
    filtered = [name for name, may_read, is_filtered in relations if may_read and is_filtered]
    return Unreadable(role=role, forbidden=tuple(forbidden), filtered=tuple(filtered))


def refuse_what_is_partial(unreadable: Unreadable) -> None:
    """RefusedError with names when anything is hidden from the role."""
    if unreadable.forbidden:
        raise RefusedError(
            f"The role `{unreadable.role}` may not read {_some(unreadable.forbidden)}",
            next_step="Use a role that may read everything: the owner's, a superuser, or a member of "
            "pg_read_all_data (which does not include large objects).",
        )
    if unreadable.filtered:
        raise RefusedError(
            f"Row security hides rows from the role `{unreadable.role}` in {_some(unreadable.filtered)}",
            next_step="Use a role that sees all rows: the owner's (without FORCE ROW LEVEL SECURITY), a superuser, "
            "or one with BYPASSRLS.",
        )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
