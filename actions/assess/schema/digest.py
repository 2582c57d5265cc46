"""One hash for a whole schema: equal for two databases made by the same script, different after any change."""

import hashlib
import json

from actions.assess.schema.compare import ACCESS
from actions.assess.schema.naming import attributes
from actions.assess.schema.values import Schema


def digest(schema: Schema, *, access: bool = True) -> str:
    """SHA-256 over the content, without ids. `access=False` leaves out owners and privileges.

    The order of a table's columns counts (gaps in their numbers do not), as it does for `SELECT *`.
    """
    ignored = frozenset() if access else ACCESS
    content = hashlib.sha256()
    for thing in schema.every():
        listed = [[name, getattr(thing, name)] for name in attributes(thing) if name not in ignored]
        line = json.dumps([thing.kind.value, thing.identity.order, listed], ensure_ascii=True)
        content.update(line.encode())
        content.update(b"\n")
    return content.hexdigest()
