"""Connecting to a live database only to look, also where a pooler stands before it."""

from collections.abc import Mapping
from typing import Any

import psycopg

#: How poolers say that they pass no settings on: PgBouncer, and Amazon's RDS Proxy.
_PASSES_NO_OPTIONS = ("unsupported startup parameter", "command-line options")


def connect_to_read(
    url: str, settings: Mapping[str, str | int], *, application_name: str, connect_timeout: int
) -> psycopg.Connection[tuple[Any, ...]]:
    """An autocommit connection. The settings go with its start; a pooler that refuses them gets none, and they are not
    made for the session either, where the application would find them later: so whoever asks brings them along,
    with `SET LOCAL`, in each transaction.
    """
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    known: dict[str, Any] = {
        "autocommit": True, "connect_timeout": connect_timeout, "application_name": application_name,
    }  # fmt: skip
    try:
        return psycopg.connect(url, options=options, **known)
    except psycopg.OperationalError as error:
        if not any(words in str(error) for words in _PASSES_NO_OPTIONS):
            raise
        return psycopg.connect(url, **known)
