"""Pieces that many of the queries share."""

# ruff: noqa: S608 -- put together from constants of this folder only; nothing from outside ever gets in

USER_SCHEMA = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"


def free(catalog: str, oid: str, also: str = "") -> str:
    """It belongs to no extension."""
    return f"""NOT EXISTS (SELECT FROM pg_depend m WHERE m.classid = '{catalog}'::regclass AND m.objid = {oid}
        AND m.deptype IN ('e'{also}))"""


def comment(catalog: str, oid: str, column: str = "0") -> str:
    return f"""(SELECT m.description FROM pg_description m WHERE m.classoid = '{catalog}'::regclass
        AND m.objoid = {oid} AND m.objsubid = {column}) AS comment"""


def rights(acl: str, letter: str, owner: str) -> str:
    """How the rights differ from those of a fresh object, as text; whether they are written out makes no difference."""
    entry = f"""CASE WHEN g.grantee = 0 THEN 'PUBLIC' WHEN g.grantee = {owner} THEN '(owner)'
        ELSE quote_ident(pg_get_userbyid(g.grantee)) END || ': ' || g.privilege_type
        || CASE WHEN g.is_grantable AND g.grantee <> {owner} THEN ' with grant option' ELSE '' END"""
    given, usual = (
        f"SELECT {entry} AS one FROM aclexplode({source}) g" for source in (acl, f"acldefault({letter}, {owner})")
    )
    return f"""CASE WHEN {acl} IS NULL THEN '{{}}'::text[] ELSE ARRAY(
        SELECT entry.one COLLATE "C" FROM (
            (SELECT given.one FROM ({given}) given EXCEPT {usual})
            UNION ALL (SELECT 'without ' || lost.one FROM ({usual} EXCEPT {given}) lost)) entry
        ORDER BY 1) END AS privileges"""


def qualified(schema: str, name: str) -> str:
    return f"quote_ident({schema}) || '.' || quote_ident({name})"


def enabled(column: str) -> str:
    return f"""CASE {column} WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica'
        ELSE 'always' END AS enabled"""
