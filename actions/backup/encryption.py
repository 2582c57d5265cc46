"""Keys for backups at rest, from the environment: age's own, which other tools read too.

Several keys may stand in the variable, separated by white space, so that a key can be replaced: the first one is the
one for new backups, all of them open old ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actions.catalog.envref import EnvRef
from actions.errors import ConfigurationError
from actions.redaction import learn_secret

if TYPE_CHECKING:  # the library itself is loaded when a key is used
    from pyrage.x25519 import Identity

_HOW = "A key looks like AGE-SECRET-KEY-1...; `age-keygen` makes one."


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """The keys of one service. They are never shown; the public half of the first one may be."""

    #: With this one new backups are encrypted; kept in their manifests.
    recipient: str
    identities: "tuple[Identity, ...]" = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewKey:
    secret: str = field(repr=False)
    public: str


def new_key() -> NewKey:
    """A fresh pair, from the system's randomness."""
    from pyrage.x25519 import Identity

    identity = Identity.generate()
    learn_secret(str(identity))
    return NewKey(secret=str(identity), public=str(identity.to_public()))


def keys_of(reference: EnvRef | None, environ: Mapping[str, str]) -> Keys | None:
    """What the catalog's `encryption_key` refers to; None where it names none. ConfigurationError when it is no key."""
    return None if reference is None else read_keys(reference.resolve(environ), where=f"${{{reference.name}}}")


def read_keys(text: str, *, where: str) -> Keys:
    """The keys of a variable's text. ConfigurationError says which one is wrong, never what it is."""
    from pyrage import IdentityError
    from pyrage.x25519 import Identity

    written = text.split()
    if not written:
        raise ConfigurationError("There is no key for backups", where=where, next_step=_HOW)
    identities = []
    for number, each in enumerate(written, start=1):
        learn_secret(each)
        which = "The key" if len(written) == 1 else f"Key {number} of {len(written)}"
        if each.lower().startswith("age1"):
            raise ConfigurationError(
                f"{which} is a public one, which opens nothing", where=where, next_step=f"Give the secret half. {_HOW}"
            )
        try:
            identities.append(Identity.from_str(each))
        except IdentityError:
            raise ConfigurationError(
                f"{which} for backups is not a whole age key", where=where, next_step=_HOW
            ) from None
    return Keys(recipient=str(identities[0].to_public()), identities=tuple(identities))
