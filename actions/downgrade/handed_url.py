"""The URL that the application is handed: the same role and database, by way of the gate. Standard library only."""

# It runs on old interpreters: old spellings are meant.
# ruff: noqa: PTH111, PTH113, PTH123, UP006, UP032, UP035

from __future__ import annotations

import contextlib
import os
import re
from typing import Any, Dict
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

Json = Dict[str, Any]

#: Of a URL, what is between the application and the server and now the gate's business.
OURS_TO_DO = frozenset({
    "host", "hostaddr", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslcrldir",
    "sslcompression", "sslsni", "sslnegotiation", "sslcertmode", "ssl_min_protocol_version", "ssl_max_protocol_version",
    "ssl", "requiressl", "channel_binding", "gssencmode", "dbname", "load_balance_hosts",
})  # fmt: skip


def leading_to(url: str, host: str, port: int, given: Json) -> str:
    """The same role and database by way of the gate."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    asked = [(key, value) for key, value in parse_qsl(parts.query) if key not in OURS_TO_DO]
    secret = kept_password(user, given) if ":" not in user and not dict(asked).get("password") else ""
    if secret:
        user = "{}:{}".format(user, quote(secret, safe=""))
    if host.startswith("/"):
        asked.append(("host", host))
        if port != 5432:
            asked.append(("port", str(port)))
        place = ""
    else:
        place = "{}:{}".format(host, port)
    query = urlencode(asked, safe="/", quote_via=quote)
    database = quote(given["database"], safe="")
    return "{}://{}{}{}/{}{}".format(parts.scheme, user, at, place, database, "?" + query if query else "")


def kept_password(user: str, given: Json) -> str:
    """From the password file, where the server stands under its own name and not under the gate's."""
    path = os.environ.get("PGPASSFILE") or os.path.expanduser("~/.pgpass")
    if os.environ.get("PGPASSWORD") or not user or not os.path.isfile(path):
        return ""
    host = "localhost" if given["host"].startswith("/") else given["host"]
    wanted = ({host, given["host"]}, {str(given["port"])}, {given["database"]}, {unquote(user)})
    with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            fields = [
                re.sub(r"\\(.)", r"\1", part) for part in re.findall(r"((?:[^:\\]|\\.)*)(?::|$)", line.rstrip("\n"))
            ]
            if len(fields) > 4 and all(field in names | {"*"} for field, names in zip(fields, wanted)):  # noqa: B905
                return fields[4]
    return ""
