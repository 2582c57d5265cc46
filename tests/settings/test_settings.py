from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.errors import ConfigurationError
from actions.redaction import redact
from bot.logs import LogFormat
from bot.settings import SlackMode, default_home, names, read_settings


def test_empty_means_unset() -> None:
    settings = read_settings(dict.fromkeys(names(), "  "))
    assert settings == read_settings({})
    assert settings.database_url is None
    assert settings.slack_mode is SlackMode.SOCKET
    assert settings.log is LogFormat.TEXT


def test_everything_wrong_is_named_at_once_with_what_to_do() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings({
            "SLACK_BOT_TOKEN": "nonsense",
            "SLACK_MODE": "sockets",
            "SLACK_API_URL": "ftp://somewhere",
            "BACKOUT_DATABASE_URL": "mysql://root:hunter22@db/backout",
            "BACKOUT_LOG": "xml",
            "BACKOUT_HOME": "~nobody-of-that-name/x",
        })  # fmt: skip
    text = str(caught.value)
    assert "SLACK_BOT_TOKEN does not look right: it should start with xoxb-" in redact(text)
    for name in (
        "SLACK_MODE",
        "SLACK_API_URL",
        "BACKOUT_DATABASE_URL",
        "BACKOUT_LOG",
        "BACKOUT_HOME",
    ):
        assert f"{name}: " in text
    assert "socket, http" in text
    assert ".env.example" in text
    assert "hunter22" not in text
    assert caught.value.exit_code == 2


def test_a_misspelt_setting_is_not_read_over() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean BACKOUT_CATALOG"):
        read_settings({"BACKOUT_CATALOGUE": "/etc/backout"})


def test_variables_of_services_may_have_any_other_name() -> None:
    read_settings({"BACKOUT_ORDERS_API_URL": "postgresql://x", "BACKOUT_TEST_REQUIRE": "docker"})


def test_secrets_show_neither_in_repr_nor_in_text_afterwards() -> None:
    url = "postgres://backout:correct%20horse@db.internal/backout"
    settings = read_settings({"BACKOUT_DATABASE_URL": url, "SLACK_SIGNING_SECRET": "0123456789abcdef"})
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == url.replace("postgres:", "postgresql:")
    for text in (repr(settings), str(settings), redact("correct horse 0123456789abcdef " + url)):
        assert "correct" not in text
        assert "0123456789abcdef" not in text


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read_settings({}).log = LogFormat.JSON  # type: ignore[misc]  # because that is what is tried


def test_home_is_where_the_system_keeps_data() -> None:
    assert default_home({}, user=lambda: 0) == Path("/var/lib/backout")
    assert default_home({"XDG_DATA_HOME": "/data"}, user=lambda: 1000) == Path("/data/backout")
    assert default_home({"XDG_DATA_HOME": ""}, user=lambda: 1000) == Path("~/.local/share/backout")


@given(st.dictionaries(st.sampled_from(names()), st.text(max_size=60), max_size=len(names())))
def test_any_environment_gives_settings_or_one_clear_error(environ: dict[str, str]) -> None:
    try:
        read_settings(environ)
    except ConfigurationError as error:
        for line in error.what.splitlines():
            assert line.split(":")[0].split(" ")[0] in names() or "\n" in "".join(environ.values())


def test_the_lease_is_a_number_of_seconds_within_reason() -> None:
    assert read_settings({}).lease == timedelta(seconds=20)
    assert read_settings({"BACKOUT_LEASE": "45s"}).lease == timedelta(seconds=45)
    for wrong in ("45", "1s", "601s", "-5s", "soon"):
        with pytest.raises(ConfigurationError, match="BACKOUT_LEASE: is not a number of seconds from 3s to 600s"):
            read_settings({"BACKOUT_LEASE": wrong})
