"""How client programs are told which database: by their environment, never by arguments that `ps` shows."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from psycopg import ProgrammingError, conninfo, pq

from actions.errors import ConfigurationError


def libpq_environment(url: str) -> dict[str, str]:
    """The variables (`PGHOST`, `PGPASSWORD`, ...) that say the same as this URL."""
    try:
        given = conninfo.conninfo_to_dict(url)
    except ProgrammingError:
        # Not "from": libpq quotes the part that it stumbled on, which can be the password.
        raise ConfigurationError(
            "The database's URL cannot be read",
            next_step="Percent-encode special characters in user and password (@ is %40, / is %2F, : is %3A).",
        ) from None
    variables = {
        option.keyword.decode(): option.envvar.decode() for option in pq.Conninfo.get_defaults() if option.envvar
    }
    return {variables[name]: str(value) for name, value in given.items() if name in variables and value is not None}


def place_of(url: str) -> tuple[str, int, str]:
    """Host (or socket folder), port and name of the database that this URL leads to."""
    known: Mapping[str, str] = libpq_environment(url)
    name = known.get("PGDATABASE") or known.get("PGUSER") or ""
    host, port = known.get("PGHOST") or "/var/run/postgresql", known.get("PGPORT") or "5432"
    if "," in host or not port.isdecimal():
        raise ConfigurationError(
            "The database's URL names several servers, and a rehearsal must know the one it is kept on",
            next_step="Let `admin_url` or `scratch` in the catalog name one server.",
        )
    return host, int(port), name


def with_database(url: str, name: str) -> str:
    """The same server and role, another database; still a URL, for that is what applications take."""
    parts = urlsplit(url)
    query = urlencode([(key, value) for key, value in parse_qsl(parts.query) if key != "dbname"], safe="/")
    # A socket's URL has no host: urlunsplit would drop the slashes that make it one.
    return f"{parts.scheme}://{parts.netloc}/{quote(name, safe='')}{'?' + query if query else ''}"
