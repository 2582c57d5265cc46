"""What belongs to a database itself, and no dump of its content has: read from one, and given to another.

Owner, encoding and locale come with its making; grants, settings and the comment by statements afterwards.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from actions.backup.manifest import DatabaseProperties, DatabaseSetting, Grant
from actions.errors import BackoutError

PROVIDERS = {"c": "libc", "i": "icu", "b": "builtin", "d": "libc"}
#: Their stored value is a list of quoted names, and must not be given back as one name.
LISTS = frozenset(
    {
        "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
        "temp_tablespaces", "unix_socket_directories",
    }
)  # fmt: skip
_PRIVILEGES: dict[str, LiteralString] = {"C": "CREATE", "T": "TEMPORARY", "c": "CONNECT"}
_ROLE = r'"(?:[^"]|"")*"|[^="/]*'
_GRANT = re.compile(rf"(?P<grantee>{_ROLE})=(?P<rights>[A-Za-z*]*)/(?P<grantor>{_ROLE})")
_LISTED = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,"\s]+))\s*(?:,|$)')


def read_properties(connection: psycopg.Connection[Any], name: str) -> DatabaseProperties:
    """Of any database of the server to which this session leads."""
    version = connection.info.server_version
    # The column was renamed when a provider other than ICU came to use it.
    locale: LiteralString = "datlocale" if version >= 170000 else "daticulocale" if version >= 150000 else "NULL"
    provider: LiteralString = "datlocprovider::text" if version >= 150000 else "'c'"
    row = connection.execute(
        f"SELECT oid, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), {provider}, datcollate, datctype, {locale},"  # noqa: S608  names of columns alone
        " datconnlimit, shobj_description(oid, 'pg_database'), datacl::text[] FROM pg_database WHERE datname = %s",
        [name],
    ).fetchone()
    if row is None:
        raise BackoutError(f"There is no database {name} on this server", next_step="Look at the catalog's `url`.")
    settings = connection.execute(
        "SELECT CASE setrole WHEN 0 THEN NULL ELSE pg_get_userbyid(setrole) END, said.text"
        " FROM pg_db_role_setting, unnest(setconfig) WITH ORDINALITY AS said (text, position)"
        " WHERE setdatabase = %s ORDER BY 1 NULLS FIRST, said.position",
        [row[0]],
    ).fetchall()
    return DatabaseProperties(
        name=name, owner=row[1], encoding=row[2], locale_provider=PROVIDERS[row[3]], collate=row[4], ctype=row[5],
        locale=row[6], connection_limit=row[7], comment=row[8],
        grants=None if row[9] is None else tuple(Grant(text=text) for text in row[9]),
        settings=tuple(DatabaseSetting(role=role, text=text) for role, text in settings),
    )  # fmt: skip


def making(name: str, properties: DatabaseProperties, *, tablespace: str | None, server_version: int) -> sql.Composed:
    """The statement that makes an empty database like that one."""
    options: list[tuple[LiteralString, sql.Composable]] = [
        ("OWNER", sql.Identifier(properties.owner)),
        ("TEMPLATE", sql.Identifier("template0")),
        ("ENCODING", sql.Literal(properties.encoding)),
        ("LC_COLLATE", sql.Literal(properties.collate)),
        ("LC_CTYPE", sql.Literal(properties.ctype)),
    ]
    provider = PROVIDERS.get(properties.locale_provider, properties.locale_provider)
    if server_version >= 150000:
        options.append(("LOCALE_PROVIDER", sql.Identifier(provider)))
        if provider == "icu" and properties.locale:
            options.append(("ICU_LOCALE", sql.Literal(properties.locale)))
        elif provider == "builtin" and properties.locale:
            options.append(("BUILTIN_LOCALE", sql.Literal(properties.locale)))
    if tablespace:
        options.append(("TABLESPACE", sql.Identifier(tablespace)))
    said = sql.SQL(" ").join(sql.SQL("{} {}").format(sql.SQL(word), value) for word, value in options)
    return sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), said)


def roles_of(properties: DatabaseProperties) -> frozenset[str]:
    """Every role that must exist for these properties to be given to a database."""
    named = {properties.owner, *(setting.role for setting in properties.settings if setting.role)}
    for grant in _grants(properties):
        named |= {grant.grantor, *({grant.grantee} if grant.grantee else ())}
    return frozenset(named)


def giving(name: str, properties: DatabaseProperties) -> Iterator[sql.Composed]:
    """Statements for grants and settings, to be run as one transaction by a superuser or the owner. Comment and
    connection limit are not among them: while a database is beside another, they are ours.
    """
    database = sql.Identifier(name)
    if properties.grants is not None:
        for whom in (sql.SQL("PUBLIC"), sql.Identifier(properties.owner)):
            yield sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(database, whom)
    for grant in _grants(properties):
        if grant.grantor != properties.owner:
            yield sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(grant.grantor))
        yield from grant.statements(database)
        if grant.grantor != properties.owner:
            yield sql.SQL("RESET ROLE").format()
    for setting in properties.settings:
        assigned = assignment(setting.text)
        if setting.role is None:
            yield sql.SQL("ALTER DATABASE {} {}").format(database, assigned)
        else:
            yield sql.SQL("ALTER ROLE {} IN DATABASE {} {}").format(sql.Identifier(setting.role), database, assigned)


def assignment(text: str) -> sql.Composed:
    """`SET name TO value`, from the server's own `name=value`."""
    variable, _, value = text.partition("=")
    return sql.SQL("SET {} TO {}").format(sql.Identifier(*variable.split(".")), _assigned(variable, value))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Granted:
    #: None is PUBLIC.
    grantee: str | None
    grantor: str
    plain: tuple[str, ...]
    with_option: tuple[str, ...]

    def statements(self, database: sql.Identifier) -> Iterator[sql.Composed]:
        whom = sql.Identifier(self.grantee) if self.grantee else sql.SQL("PUBLIC")
        for rights, option in ((self.plain, sql.SQL("")), (self.with_option, sql.SQL(" WITH GRANT OPTION"))):
            if rights:
                said = sql.SQL(", ").join(sql.SQL(_PRIVILEGES[right]) for right in rights)
                yield sql.SQL("GRANT {} ON DATABASE {} TO {}{}").format(said, database, whom, option)


def _grants(properties: DatabaseProperties) -> Iterator[_Granted]:
    for grant in properties.grants or ():
        match = _GRANT.fullmatch(grant.text)
        if match is None:
            raise BackoutError(f"A grant on database {properties.name} cannot be read: {grant.text}")
        rights = re.findall(r"([A-Za-z])(\*?)", match["rights"])
        yield _Granted(
            grantee=_unquoted(match["grantee"]) or None,
            grantor=_unquoted(match["grantor"]),
            plain=tuple(right for right, star in rights if not star),
            with_option=tuple(right for right, star in rights if star),
        )


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _assigned(variable: str, value: str) -> sql.Composable:
    if variable.lower() not in LISTS:
        return sql.Literal(value)
    names = [
        match[1].replace('""', '"') if match[1] is not None else match[2]
        for match in _LISTED.finditer(value)
        if match[0]
    ]
    return sql.SQL(", ").join(sql.Literal(name) for name in names) if names else sql.Literal("")
