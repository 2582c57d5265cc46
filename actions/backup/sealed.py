"""What a database says of itself that may be a secret: its settings (`app.jwt_secret`) and its comment.

In an encrypted backup they lie in a file of their own, encrypted like the rest, and the manifest, which everybody who
may list a store can read, has neither.
"""

from pydantic import ValidationError

from actions.backup.encryption import Keys
from actions.backup.manifest import DatabaseProperties, Manifest, SealedProperties, StoredFile
from actions.backup.packing import DamagedError
from actions.backup.pipes import encrypt, read_file, stored_file
from actions.backup.store import Store

FILE = "properties.json.age"
#: More than this no server would give out.
_LARGEST = 16 << 20


def seal(
    properties: DatabaseProperties, store: Store, name: str, *, recipient: str | None
) -> tuple[DatabaseProperties, StoredFile | None]:
    """What the manifest may say, and where the rest lies. Without a recipient all of it is the manifest's."""
    if recipient is None:
        return properties, None
    private = SealedProperties(comment=properties.comment, settings=properties.settings)
    text = private.model_dump_json().encode()
    kept = store.write(f"{name}/{FILE}", encrypt([text], recipient))
    return properties.model_copy(update={"comment": None, "settings": ()}), stored_file(kept)


def unsealed(manifest: Manifest, store: Store, keys: Keys | None) -> DatabaseProperties:
    """All properties. WrongKeyError without the right key, DamagedError when the file is not what was written."""
    if manifest.sealed is None:
        return manifest.database
    text = b""
    for chunk in read_file(store, manifest.sealed, keys):
        text += chunk
        if len(text) > _LARGEST:
            raise DamagedError("The database's settings are too large to be some", where=manifest.name)
    try:
        private = SealedProperties.model_validate_json(text)
    except ValidationError:
        # Its words would repeat what they are about.
        raise DamagedError("The database's settings in the backup cannot be read", where=manifest.name) from None
    return manifest.database.model_copy(update={"comment": private.comment, "settings": private.settings})
