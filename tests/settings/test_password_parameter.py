import pytest

from actions.redaction import MASK, learn_secret, redact


@pytest.mark.parametrize(
    "given", ["postgresql://db/app?user=u&password=swordfish%2F7", "host=db user=u password=swordfish%2F7"]
)
def test_a_password_among_the_parameters_is_learned_too(given: str) -> None:
    learn_secret(given)
    assert redact("server said: swordfish%2F7, swordfish/7") == f"server said: {MASK}, {MASK}"
