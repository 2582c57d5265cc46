"""Keys from the environment: read, rotated, refused, never shown."""

import pytest

from actions.backup.encryption import keys_of, new_key, read_keys
from actions.backup.pipes import decrypt, encrypt
from actions.catalog.envref import EnvRef
from actions.errors import ConfigurationError
from actions.redaction import redact

ONE, OTHER = new_key(), new_key()


def test_the_first_key_encrypts_and_all_of_them_open() -> None:
    old = read_keys(ONE.secret, where="a test")
    both = keys_of(EnvRef("KEYS"), {"KEYS": f"  {OTHER.secret}\n\t{ONE.secret}\n"})
    assert both is not None
    assert (old.recipient, both.recipient) == (ONE.public, OTHER.public)
    assert b"".join(decrypt(encrypt([b"rows"], old.recipient), both)) == b"rows"
    assert b"".join(decrypt(encrypt([b"rows"], both.recipient), both)) == b"rows"


def test_without_a_reference_there_are_no_keys() -> None:
    assert keys_of(None, {"KEYS": ONE.secret}) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("  \n", "There is no key", id="only space"),
        pytest.param("hunter2-hunter2", "The key for backups is not a whole age key", id="a password"),
        pytest.param(ONE.secret[:-3], "The key for backups is not a whole age key", id="cut off"),
        pytest.param(f"{ONE.secret} {OTHER.secret[:30]}", "Key 2 of 2 for backups is not a whole", id="the second one"),
        pytest.param(ONE.public, "The key is a public one", id="public"),
    ],
)
def test_a_wrong_key_is_refused_by_its_number_and_never_shown(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        read_keys(text, where="${KEYS}")
    shown = str(caught.value)
    assert "${KEYS}" in shown
    assert all(part not in shown for part in text.split())


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(ConfigurationError, match="`KEYS` is not set"):
        keys_of(EnvRef("KEYS"), {})


def test_keys_are_masked_wherever_they_appear() -> None:
    fresh = new_key()
    keys = read_keys(fresh.secret, where="a test")
    shown = redact(f"{keys!r} {fresh!r} {fresh.secret} {keys.identities[0]}")
    assert fresh.secret[20:] not in shown
    assert fresh.secret not in repr(keys) + repr(fresh)


def test_every_new_key_is_another_one() -> None:
    assert len({new_key().secret for _ in range(5)}) == 5
