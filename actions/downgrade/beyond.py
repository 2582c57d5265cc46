"""Which statements have effect beyond their database, and statements without their literals. Standard library only."""

from __future__ import annotations

import re

#: What may hold apostrophes without being a literal stays as it is; of literals only the quotes stay.
PARTS = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<keep>\$(?P<tag>(?:[A-Za-z_]\w*)?)\$.*?\$(?P=tag)\$|"(?:[^"]|"")*")"""
    r"""|\b[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'""",
    re.DOTALL,
)
#: Roles, databases, settings and files are the server's, not the copy's; these would really happen. Words within a DO
#: block or a function count as well: better to refuse a harmless one than to lock a real role out. A prepared
#: transaction or a replication slot would keep the copy from being dropped.
BEYOND = re.compile(
    r"\b(?:(?:create|alter|drop)\s+(?:role|user(?!\s+mapping)|group|database|tablespace|subscription|server)"
    r"|(?:create|alter)\s+user\s+mapping|comment\s+on\s+(?:role|database|tablespace)|prepare\s+transaction"
    r"|alter\s+system|(?:drop|reassign)\s+owned|(?:grant|revoke)\s+(?!.*\bon\b)[^;]*\b(?:to|from)\b"
    r"|dblink\w*|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_rotate_logfile|pg_promote|pg_switch_wal"
    r"|lo_export|pg_file_(?:write|rename|unlink)|pg_(?:create|drop|copy)_\w*replication_slot\w*"
    r"|pg_replication_(?:slot|origin)_\w+|copy\b[^;]*(?:\bprogram\b|\bto\s+e?'))",
    re.IGNORECASE | re.DOTALL,
)


def bare(sql: str) -> str:
    """Without comments and literals, in one reading: neither may hide the beginning or the end of the other."""
    return PARTS.sub(lambda found: " " if found.group("comment") else found.group("keep") or "'?'", sql)


def is_beyond(sql: str) -> bool:
    return BEYOND.search(bare(sql)) is not None


def without_literals(sql: str) -> str:
    """They may be row data; comments, names and bodies of functions stay."""
    return PARTS.sub(lambda found: found.group("comment") or found.group("keep") or "'?'", sql)
