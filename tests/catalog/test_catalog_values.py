"""What a catalog that loads says."""

import datetime as dt
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from actions.catalog import Environment, EnvRef, Policy, Risk, load_catalog
from actions.catalog.checks import SqlCheck
from actions.catalog.database import Database
from actions.catalog.durations import parse_duration, spell_duration
from actions.catalog.migrations import UrlInArgument, UrlInVariable
from actions.catalog.schedules import Window
from actions.catalog.tolerance import Tolerance
from actions.errors import ConfigurationError

SMALLEST = """\
services:
  content-api:
    environment: production
    platform: local
    database: ${CONTENT_API_DATABASE_URL}
    migrations: alembic.ini
    approvers: [U012AB3CD, U045EF6GH]
    channel: "#content-api"
"""


def test_the_smallest_service_is_at_most_ten_lines(load, tmp_path: Path) -> None:
    assert len(SMALLEST.splitlines()) <= 10

    service = load(SMALLEST).service("content-api")

    assert service.name == "content-api"
    assert service.environment is Environment.PRODUCTION
    assert service.platform.kind == "local"
    assert service.platform.folder == tmp_path
    assert service.database.url.name == "CONTENT_API_DATABASE_URL"
    assert service.migrations.config == "alembic.ini"
    assert service.migrations.url == UrlInVariable(env="DATABASE_URL")
    assert service.approvers.users == ("U012AB3CD", "U045EF6GH")
    assert service.channel.name == "#content-api"


def test_an_unknown_service_is_refused_with_the_nearest_name(load) -> None:
    with pytest.raises(ConfigurationError, match="Did you mean `content-api`"):
        load(SMALLEST).service("contnet-api")


def test_the_catalog_cannot_be_changed(load) -> None:
    service = load(SMALLEST).service("content-api")

    with pytest.raises(ValidationError):
        service.environment = Environment.STAGING


def test_a_reference_resolves_late_and_says_what_is_missing(load) -> None:
    url = load(SMALLEST).service("content-api").database.url

    assert url.resolve({"CONTENT_API_DATABASE_URL": "postgresql://a:pw@b/c"}) == "postgresql://a:pw@b/c"
    for environ in ({}, {"CONTENT_API_DATABASE_URL": ""}):
        with pytest.raises(ConfigurationError) as caught:
            url.resolve(environ)
        assert "CONTENT_API_DATABASE_URL" in str(caught.value)
        assert "service `content-api`" in str(caught.value)


def test_no_value_of_a_variable_is_ever_in_the_catalog(load) -> None:
    catalog = load(SMALLEST)
    catalog.service("content-api").database.url.resolve({"CONTENT_API_DATABASE_URL": "postgresql://a:tr0ub4dor@b/c"})

    assert "tr0ub4dor" not in repr(catalog)
    assert repr(EnvRef("X")) == "EnvRef(${X})"
    assert "${CONTENT_API_DATABASE_URL}" in catalog.model_dump_json()


def test_production_has_the_careful_policy_unless_it_says_otherwise(service_with) -> None:
    policy = service_with("policy: {quorum: {high: 3}, destructive: allow}").service("api").policy

    assert policy.window == timedelta(minutes=5)
    assert policy.destructive == "allow"
    assert policy.after_new_data == "refuse"
    assert policy.verified_backup
    assert [policy.quorum.at(risk) for risk in Risk] == [1, 1, 1, 3, 2]


def test_one_shared_policy_means_each_environments_rules_for_what_it_leaves_out(load) -> None:
    catalog = load("""\
        policies:
          team: {approval_expires: 10m, quorum: {critical: 4}}
        services:
          live: {environment: production, platform: local, database: "${A}", policy: team}
          test: {environment: staging, platform: local, database: "${B}", policy: team}
          mine: {environment: development, platform: local, database: "${C}"}
    """)

    live, test, mine = (catalog.service(name).policy for name in ("live", "test", "mine"))
    assert live.approval_expires == test.approval_expires == timedelta(minutes=10)
    assert live.window == timedelta(minutes=5)
    assert test.window is None
    assert live.quorum.critical == test.quorum.critical == 4
    assert live.quorum.high == 2
    assert test.quorum.high == 1
    assert mine.quorum.critical == 0
    assert not mine.verified_backup


def test_a_policy_made_in_python_is_that_of_production() -> None:
    assert Policy().for_environment(Environment.PRODUCTION) == Policy()


def test_a_number_is_a_quorum_for_every_risk(service_with) -> None:
    quorum = service_with("policy: {quorum: 3}").service("api").policy.quorum

    assert {quorum.at(risk) for risk in Risk} == {3}


def test_names_stand_for_what_is_described_elsewhere(load) -> None:
    catalog = load("""\
        teams:
          leads: {group: S012AB3CD, users: U012AB3CD}
        stores:
          disk: ~/backups
          cloud: {bucket: acme, secret_key: "${SECRET}"}
        runbooks:
          pause: [{wait: 5s}]
        services:
          api:
            environment: production
            platform: local
            database: ${X}
            approvers: leads
            policy: {override: leads}
            backups: {stores: [disk, cloud]}
            runbooks: [pause]
    """)

    service = catalog.service("api")
    assert service.approvers is catalog.teams["leads"]
    assert service.policy.override.by.users == ("U012AB3CD",)
    assert [store.name for store in service.backups.stores] == ["disk", "cloud"]
    assert catalog.stores["disk"].folder == Path("/home/op/backups")
    assert service.runbooks["pause"].steps[0].wait == timedelta(seconds=5)
    assert service.runbooks["pause"].name == "pause"
    assert service.backups.stores[1].secret_key.owner == "store `cloud`"


def test_relative_paths_start_at_the_file_that_they_stand_in(tmp_path: Path) -> None:
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "a.yml").write_text("stores: {disk: ../backups}")
    (tmp_path / "catalog" / "b.yml").write_text(SMALLEST)
    (tmp_path / "catalog" / "notes.txt").write_text("not: [yaml")
    (tmp_path / "catalog" / ".hidden.yml").write_text("not: [yaml")

    catalog = load_catalog(tmp_path / "catalog", {})

    assert catalog.stores["disk"].folder == tmp_path / "backups"


@pytest.mark.parametrize("word", ["no", "on", "22:30", "0o9", "1_000", "=", "2026-01-02"])
def test_words_that_are_something_else_in_old_yaml_stay_text(service_with, word: str) -> None:
    assert service_with(f"description: {word}").service("api").description == word


@pytest.mark.parametrize("tag", ["0005", "1.10", "1e10", "0607bc5b8536"])
def test_versions_keep_their_spelling(service_with, tag: str) -> None:
    (release,) = service_with(f"application: {{git: {tag}}}").service("api").application

    assert release.git == tag


def test_numbers_in_variables_and_commands_are_text(service_with) -> None:
    service = service_with("migrations: {env: {PORT: 8000, RATE: 1.50}}\nchecks: {command: [sleep, 010]}").service(
        "api"
    )

    assert service.migrations.env == {"PORT": "8000", "RATE": "1.50"}
    assert service.checks[0].command.argv == ("sleep", "010")


def test_merge_keys_and_anchors_are_welcome(load) -> None:
    catalog = load("""\
        x-shared: &shared
          platform: local
          environment: staging
        services:
          one: {<<: *shared, database: "${A}"}
          two:
            <<: [*shared]
            environment: production
            database: ${B}
    """)

    assert catalog.service("one").environment is Environment.STAGING
    assert catalog.service("two").environment is Environment.PRODUCTION


def test_writers_come_back_in_reverse_unless_told_otherwise(service_with) -> None:
    plain = service_with("writers: [{systemd: a}, {systemd: b}, {role: c}]").service("api").writers
    told = service_with("writers: {stop: [{systemd: a}, {systemd: b}], resume_order: [a, b]}").service("api").writers

    assert [writer.known_as for writer in plain.resumed] == ["c", "b", "a"]
    assert [writer.known_as for writer in told.resumed] == ["a", "b"]


def test_the_url_can_be_handed_over_in_three_ways(service_with) -> None:
    by_name = service_with("migrations: {url: DB_URL}").service("api").migrations.url
    by_argument = (
        service_with("migrations: {url: {argument: url, scheme: postgresql+asyncpg}}").service("api").migrations.url
    )
    by_option = service_with("migrations: {url: {option: sqlalchemy.url}}").service("api").migrations.url

    assert by_name == UrlInVariable(env="DB_URL")
    assert by_argument == UrlInArgument(argument="url", scheme="postgresql+asyncpg")
    assert by_option.option == "sqlalchemy.url"


@pytest.mark.parametrize("scratch", ["beside", "embedded", "${SCRATCH_URL}"])
def test_scratch_databases_have_three_places(service_with, scratch: str) -> None:
    service = service_with(f"migrations: {{}}\n# {scratch}").service("api")
    assert service.database.scratch == "beside"

    database = Database.model_validate({"url": EnvRef("X"), "scratch": scratch})
    assert str(database.scratch) == scratch


@pytest.mark.parametrize(
    ("text", "length"),
    [("30s", timedelta(seconds=30)), ("1h30m", timedelta(minutes=90)), ("2d", timedelta(days=2)), ("0s", timedelta(0))],
)
def test_durations_are_read_and_spelled(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length
    assert parse_duration(spell_duration(length)) == length


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "1m1h", "1m1m", "-5m", "1.5h", "9999999d", "५m"])
def test_what_is_no_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None


def test_a_window_past_midnight_belongs_to_the_day_on_which_it_opened() -> None:
    window = Window(days=("mon",), opens=dt.time(22), closes=dt.time(2), timezone="Europe/Berlin")

    def berlin(day: int, hour: int) -> dt.datetime:
        return dt.datetime(2026, 6, day, hour - 2 if hour >= 2 else hour + 22, tzinfo=dt.UTC) - (
            timedelta(days=1) if hour < 2 else timedelta(0)
        )

    monday, tuesday = 1, 2
    assert window.covers(berlin(monday, 23))
    assert window.covers(berlin(tuesday, 1))
    assert not window.covers(berlin(tuesday, 2))
    assert not window.covers(berlin(monday, 1))
    assert not window.covers(berlin(monday, 21))


def test_tolerance_is_a_number_or_a_share() -> None:
    share = SqlCheck.model_validate({"sql": "select 1", "equals": 200, "tolerance": "5%"}).tolerance
    number = SqlCheck.model_validate({"sql": "select 1", "equals": 200, "tolerance": 5}).tolerance

    assert share == Tolerance(by=5, percent=True)
    assert share.accepts(wanted=200, seen=190)
    assert not share.accepts(wanted=200, seen=189)
    assert number.accepts(wanted=200, seen=195)
    assert not number.accepts(wanted=200, seen=194)
