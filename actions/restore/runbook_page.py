"""The page for the night: how this one service is brought back, with Backout and, should Backout be gone, without. Pure.

It lies beside the backups, so it is there when the machine that Backout ran on is not.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from actions.catalog.people import Contact
from actions.catalog.service import Service


def page(service: Service, stores: Sequence[str], *, now: datetime, example: str | None) -> str:
    """Markdown. Names of variables are in it, never their values."""
    return "\n".join(_lines(service, stores, now, example)) + "\n"


def _lines(service: Service, stores: Sequence[str], now: datetime, example: str | None) -> Iterator[str]:
    name = service.name
    database = service.database
    yield f"# Bringing back {name} ({service.environment})"
    yield ""
    yield f"Written by `backout drill {name} --kind backup` on {now:%Y-%m-%d %H:%M} UTC. Do not edit: the next drill writes it anew."
    yield ""
    yield "## Where the backups are"
    yield ""
    yield from (f"{number}. `{title}`" for number, title in enumerate(stores, 1))
    yield ""
    yield "## With Backout"
    yield ""
    yield "```sh"
    yield f"backout backups {name}                           # which there are, how old, how far to be trusted"
    yield f"backout backups {name} --check latest            # is the newest one undamaged?"
    yield f"backout restore {name} --backup latest           # says what is lost, asks, then brings it back"
    yield f"backout restore {name} --backup latest --as {_other(name)}   # beside it, without touching the service"
    yield f"backout restore {name} --backup NAME --without-history   # when Backout's own database is away, too"
    yield "```"
    yield ""
    yield "A safety backup of the present state is made first. The old database is kept under another name; the restore says"
    yield "under which, and how to swap back."
    if database is not None:
        needed = [database.url.name, *([database.admin_url.name] if database.admin_url else [])]
        key = service.backups.encryption_key
        needed += [key.name] if key else []
        yield ""
        yield f"It needs these variables: {', '.join(f'`{each}`' for each in needed)}."
    yield ""
    yield "## Without Backout"
    yield ""
    yield from _by_hand(service, example)
    yield ""
    yield "## Whom to call"
    yield ""
    yield from _people(service)


def _by_hand(service: Service, example: str | None) -> Iterator[str]:
    key = service.backups.encryption_key
    backup = example or f"{service.name}_YYYYMMDD_HHMMSS_xxxx"
    decrypt = "age --decrypt --identity KEYFILE FILE | " if key else ""
    yield f"A backup is a folder such as `{backup}/`; its `manifest.json` names every file, its size and its sha256."
    if key:
        yield f"The files are encrypted with [age](https://age-encryption.org); `KEYFILE` holds the value of `{key.name}`."
    yield ""
    if service.backups.format == "plain":
        yield "```sh"
        yield "createdb NEW"
        source = f"{decrypt}gunzip --stdout" if key else "gunzip --stdout dump.sql.gz"
        yield f"{source} | psql --set ON_ERROR_STOP=1 --dbname NEW"
        yield "```"
        return
    yield "```sh"
    yield "createdb --template template0 NEW"
    yield "# the archive (the entry under `files` in the manifest): definitions first"
    archive = "age --decrypt --identity KEYFILE FILE | zstd --decompress > archive.pgdump" if key else (
        "zstd --decompress FILE -o archive.pgdump        # not needed where it begins with PGDMP"
    )  # fmt: skip
    yield archive
    yield "pg_restore --section=pre-data --dbname NEW archive.pgdump"
    yield "# then each table that has a `file` under `tables` in the manifest; the rows of the others are in the archive"
    cat = "age --decrypt --identity KEYFILE FILE | zstd --decompress" if key else "zstd --decompress --stdout FILE"
    yield "export PGCLIENTENCODING=UTF8"
    yield f"{cat} | psql --dbname NEW --command 'COPY SCHEMA.TABLE (COLUMNS) FROM STDIN'"
    yield "# sequences and large objects, then indexes and constraints"
    yield "pg_restore --section=data --dbname NEW archive.pgdump"
    yield "pg_restore --section=post-data --jobs 4 --dbname NEW archive.pgdump"
    yield "```"


def _people(service: Service) -> Iterator[str]:
    contacts: Sequence[Contact] = service.escalation.contacts
    if not contacts:
        yield "Nobody is named in the catalog. Add `escalation: [{title: ..., how: ...}]` to the service."
    for number, contact in enumerate(contacts, 1):
        how = f": {contact.how}" if contact.how else ""
        yield f"{number}. {contact.title}{how}"
    if service.channel is not None and service.channel.name:
        yield ""
        yield f"The incident's channel is {service.channel.name}."


def _other(name: str) -> str:
    return f"{name.replace('-', '_')}_copy"
