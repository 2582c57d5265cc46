import json
import logging
from io import StringIO

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.redaction import learn_secret, redact
from bot.logs import LogFormat, LogLevel, set_up_logging

SECRET = "tr0ub4dor-and-3"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"connection to postgresql://app:{SECRET}@db:5432/app failed", id="URL"),
        pytest.param(f"postgresql+asyncpg://app:{SECRET}@db/app", id="URL of a driver"),
        pytest.param(f"host=db user=app password={SECRET} dbname=app", id="keywords"),
        pytest.param(f"host=db password = '{SECRET} more' dbname=app", id="quoted keyword"),
        pytest.param(f'{{"password": "{SECRET}", "user": "app"}}', id="JSON"),
        pytest.param(f"PGPASSWORD={SECRET} psql", id="environment"),
        pytest.param(f"AWS_SECRET_ACCESS_KEY: {SECRET}", id="YAML"),
        pytest.param(f"Authorization: Bearer {SECRET}", id="header"),
        pytest.param(f"xoxb-123-{SECRET}", id="Slack bot token"),
        pytest.param(f"xapp-1-A-{SECRET}", id="Slack app token"),
        pytest.param(f"https://hooks.slack.com/services/T0/B0/{SECRET}", id="webhook"),
        pytest.param(f"git clone https://me:{SECRET}@git.example/x.git", id="web address"),
        pytest.param(f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----", id="private key"),
        pytest.param(f"DETAIL:  Key (email, name)=({SECRET}, x) already exists.", id="unique violation"),
        pytest.param(f"DETAIL:  Failing row contains (1, {SECRET}, null).", id="check violation"),
        pytest.param(f'invalid input syntax for type integer: "{SECRET}"', id="bad value"),
        pytest.param(f'invalid input value for enum mood: "{SECRET}"', id="bad label"),
        pytest.param(f'COPY users, line 3, column name: "{SECRET}"', id="COPY context"),
        pytest.param(f"[SQL: INSERT ...]\n[parameters: {{'name': '{SECRET}'}}]", id="SQLAlchemy parameters"),
    ],
)
def test_secrets_and_row_values_are_masked(text: str) -> None:
    assert SECRET not in redact(text)
    assert "***" in redact(text)


def test_ordinary_sentences_stay_as_they_are() -> None:
    text = "column users.token is dropped: 812 values; see https://example.com/docs and ask db@example.com"
    assert redact(text) == text


def test_real_errors_of_the_server_lose_their_values_but_not_their_meaning(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE people (email text UNIQUE, age int CHECK (age < 100))")
        connection.execute("INSERT INTO people VALUES ('ada@example.com', 36)")
        for statement in (
            "INSERT INTO people VALUES ('ada@example.com', 37)",
            "INSERT INTO people VALUES ('grace@example.com', 4711)",
            "SELECT 'grace@example.com'::int",
        ):
            with pytest.raises(psycopg.Error) as caught:
                connection.execute(statement)
            shown = redact(str(caught.value))
            assert "example.com" not in shown
            assert "4711" not in shown
            assert "people" in shown or "integer" in shown


def test_a_learned_url_hides_its_password_in_every_spelling() -> None:
    learn_secret("postgresql://app:p%40ss%20w0rd@db/app")
    assert redact("p@ss w0rd") == redact("p%40ss%20w0rd") == "***"


@pytest.mark.parametrize("form", list(LogFormat))
def test_every_log_line_is_redacted_wherever_the_secret_hides(form: LogFormat) -> None:
    stream = StringIO()
    set_up_logging(form, LogLevel.INFO, stream)
    log = logging.getLogger("actions.test")
    try:
        raise ValueError(f"password={SECRET}")
    except ValueError:
        log.exception(
            "It broke at %s", f"postgresql://a:{SECRET}@b/c", extra={"event": "broke", "list": [f"token={SECRET}"]}
        )
    written = stream.getvalue()
    assert SECRET not in written
    assert "It broke at" in written
    if form is LogFormat.JSON:
        line = json.loads(written)
        assert line["event"] == "broke"
        assert line["level"] == "error"
        assert "ValueError" in line["traceback"]


def test_libraries_are_heard_from_warnings_up() -> None:
    stream = StringIO()
    set_up_logging(LogFormat.TEXT, LogLevel.DEBUG, stream)
    logging.getLogger("psycopg").info("chatter")
    logging.getLogger("psycopg").warning("trouble")
    logging.getLogger("actions").debug("ours")
    assert "chatter" not in stream.getvalue()
    assert "trouble" in stream.getvalue()
    assert "ours" in stream.getvalue()


@given(st.text(max_size=300))
def test_redacting_never_fails_and_twice_is_as_good_as_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(
    st.text(
        alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="@/?#[]%:'\"<>`"),
        min_size=6,
        max_size=40,
    )
)
def test_no_password_in_a_url_survives(password: str) -> None:
    shown = redact(f"cannot reach postgresql://app:{password}@db:5432/orders now")
    assert f":{password}@" not in shown
    assert shown.startswith("cannot reach")
    assert shown.endswith(" now")


def test_a_key_that_opens_backups_is_never_shown() -> None:
    key = "AGE-SECRET-KEY-1" + "QYZ0" * 14
    assert redact(f"the key is {key}.") == "the key is ***."
