"""The seed's runbook from its first step to its last, and each thing that it says can go wrong."""

import os
import pwd
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

import psycopg
import pytest
from killing import Blow, a_worker, killed_on_the_way
from scenes import kinds, newest, query, rests, runs, status, steps
from world import wait_for

from actions.embedded import EmbeddedPostgres
from tests.deeptech_radar.world import CRONJOBS, NEWER, OLDER, SPACE, Radar, a_radar
from tests.kube_double import things
from tests.kube_double.store import ApiError
from tests.kube_real.cluster import clusters

pytestmark = pytest.mark.timeout(400)
ME = pwd.getpwuid(os.geteuid()).pw_name


@pytest.fixture(scope="module", params=clusters(), ids=lambda make: make.__name__)
def radar(request: pytest.FixtureRequest, postgres_server: EmbeddedPostgres) -> Iterator[Radar]:
    with (
        a_radar(postgres_server, request.param, lease="4s", more={"approvers": {"terminal": [ME]}}) as made,
        a_worker(made) as made.hand,
    ):
        yield made


@pytest.fixture
def day(radar: Radar) -> Iterator[Radar]:
    """A day on which release 2.0 runs on revision 0005."""
    radar.deploy(NEWER, "0005")
    yield radar
    radar.cluster.interferes = None
    radar.cluster.images[NEWER].stubborn = False
    for left in ("choosing", "halted"):
        if rests(radar) == left:
            radar.backout(
                "resume",
                newest(radar),
                *(["--keep"] if left == "choosing" else ["--give-up", "--seen", "a test"]),
                check=None,
            )
            rests(radar)


def ask(radar: Radar, *words: str) -> None:
    radar.backout("request", "deeptech-radar", "--because", "application crashes after migration", *words)


def backed_up_at_the_older_revision(radar: Radar) -> None:
    radar.alembic("downgrade", "0004")
    radar.backout("backup", "deeptech-radar")
    radar.deploy(NEWER, "0005")


def story(radar: Radar) -> str:
    return radar.backout("show", newest(radar)).stdout


def is_as_it_was(radar: Radar, before: dict[str, object]) -> None:
    assert radar.shape() == before
    assert (radar.revision(), radar.image()) == ("0005", NEWER)
    radar.is_rolled_out()
    assert radar.writes()
    assert radar.release() == "2.0"


@pytest.mark.by_day(1)
@pytest.mark.parametrize(
    "blows",
    [
        pytest.param((("step.captured", "downgrade"),), id="in the downgrade"),
        pytest.param((("step.captured", "stop-deeptech-api"), ("step.running", "release")), id="twice elsewhere"),
    ],
)
def test_the_whole_runbook_though_its_worker_is_killed_on_the_way(day: Radar, blows: Sequence[Blow]) -> None:
    before, counts = day.shape(), day.counts()
    assert (day.release(), day.revision()) == ("2.0", "0005")
    day.cluster.kubelet.started.clear()
    ask(day, "--to", "0004")
    assert killed_on_the_way(day, day.hand, blows, seconds=200) == "succeeded", (steps(day), story(day))
    assert len([name for name, _ in day.cluster.kubelet.started if "-downgrade-" in name]) == 1
    assert (day.revision(), day.image(), day.release()) == ("0004", OLDER, "1.0")
    assert day.shape() == before
    assert day.writes()
    assert {name: day.counts()[name] for name in ("repositories", "paper_repo_links", "opportunities")} == {
        name: counts[name] for name in ("repositories", "paper_repo_links", "opportunities")
    }
    order = list(steps(day))
    assert [name for name in order if name.startswith("stop-")][:5] == [f"stop-{name}" for name in CRONJOBS]
    assert [name for name in order if name.startswith("resume-")][-5:] == [f"resume-{name}" for name in CRONJOBS]
    said = [
        "stop-deeptech-api",
        "prove-quiet",
        "back-up",
        "prove",
        "downgrade",
        "verify",
        "release",
        "resume-deeptech-api",
        "health",
    ]
    assert [name for name in order if name in said] == said
    wait_for(lambda: not day.cluster.store.all("Job", SPACE), "Jobs are left")


@pytest.mark.slow
@pytest.mark.parametrize(("target", "tables"), [("-1", 4), ("base", 0)])
def test_by_one_or_to_the_very_beginning(day: Radar, target: str, tables: int) -> None:
    ask(day, "--to", target)
    assert rests(day, seconds=250) in ("succeeded", "choosing"), story(day)
    count = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND nspname = 'public' AND relname <> 'alembic_version'"
    assert day.ask(count) == tables
    if target == "base":
        # Its checks count tables that are gone: that is told, and a person decides. The proven backup brings all of it back.
        day.backout("resume", newest(day), "--restore")
        assert rests(day, seconds=250) == "failed", story(day)
        assert day.ask(count) == 4
        assert day.ask("SELECT count(*) FROM pg_extension WHERE extname = 'vector'") == 1
        assert day.ask("SELECT count(embedding) FROM papers") == 300


def test_a_migration_that_failed_half_way_up_needs_only_the_older_release(day: Radar) -> None:
    """Seed, scenario 1: the database is at the last good revision already."""
    day.alembic("downgrade", "0004")
    ask(day, "--strategy", "app-only")
    assert rests(day) == "succeeded", story(day)
    assert (day.image(), day.release(), day.revision()) == (OLDER, "1.0", "0004")


def test_corrupted_data_is_kept_for_analysis_and_the_last_good_backup_comes_back(day: Radar) -> None:
    """Seed, scenario 2, and the emergency restore with its extension."""
    before = day.shape()
    backed_up_at_the_older_revision(day)
    with psycopg.connect(day.url, application_name="the test") as connection:
        connection.execute("UPDATE papers SET embedding = NULL")
        connection.execute("DELETE FROM paper_repo_links")
    ask(day, "--strategy", "restore")
    assert rests(day, seconds=250) == "succeeded", story(day)
    assert (day.revision(), day.image(), day.release()) == ("0004", OLDER, "1.0")
    assert day.counts()["paper_repo_links"] == 100
    assert day.ask("SELECT count(embedding) FROM papers") == 300
    assert day.ask("SELECT extname FROM pg_extension WHERE extname = 'vector'") == "vector"
    assert day.shape() == before
    told = story(day)
    assert "the database as it was then is kept as" in " ".join(told.split()), told


def test_the_provider_restores_the_instance_while_the_writers_are_off_and_people_tick_it(day: Radar) -> None:
    """Seed, point-in-time recovery."""
    before, counts = day.shape(), day.counts()
    day.copied_as(f"{day.database}_of_then")
    with psycopg.connect(day.url, application_name="the test") as connection:
        connection.execute("DELETE FROM paper_repo_links")
    advised = day.json("advise", "deeptech-radar", "backup restore fails")["answers"][0]
    assert advised["command"] == "backout request deeptech-radar --runbook recover-to-a-time"
    ask(day, "--runbook", "recover-to-a-time")
    asked = "SELECT body::jsonb->>'kind' = 'step.waits_for_person' FROM events ORDER BY seq DESC LIMIT 1"
    wait_for(lambda: query(day, asked)[0][0], "nobody is asked", seconds=200)
    assert day.shape()["replicas"] == 0
    assert all(suspended for suspended, _ in day.shape()["crons"].values())
    day.replaced_by(f"{day.database}_of_then")
    day.backout("tick", newest(day), "--all", "--said", "restored to 03:00")
    assert rests(day, seconds=250) == "succeeded", story(day)
    assert day.shape() == before
    assert day.counts()["paper_repo_links"] == counts["paper_repo_links"]
    assert "restored to 03:00" in str(day.json("show", newest(day)))
    is_as_it_was(day, before)


def test_slow_queries_are_answered_with_advice(day: Radar) -> None:
    """Seed, scenario 3."""
    said = day.backout("advise", "deeptech-radar", "performance degradation").stdout
    assert "forward migration" in said
    assert "downgrade" in day.backout("advise", "deeptech-radar", "failed migration during upgrade").stdout


def test_two_failed_attempts_call_the_contacts(day: Radar) -> None:
    script = day.folder / "alembic" / "versions" / "0004_opportunities.py"
    whole = script.read_text()
    broken = '    if op.get_bind().exec_driver_sql("SELECT left(current_database(), 7)").scalar() != "backout":\n        raise RuntimeError("no")\n'
    script.write_text(whole.replace("def downgrade():\n", f"def downgrade():\n{broken}"))
    try:
        ask(day, "--to", "0003")
        assert rests(day, seconds=250) == "choosing", story(day)
        assert day.revision() == "0004"
        day.backout("retry", newest(day))
        wait_for(lambda: "escalated" in kinds(day), "nobody is called")
        assert "Database administrator" in story(day)
        assert rests(day) == "choosing"
    finally:
        script.write_text(whole)


def test_a_backup_that_cannot_be_restored_calls_the_contacts_at_once(day: Radar) -> None:
    """Seed, escalation: backup restore fails."""
    before = day.shape()
    backed_up_at_the_older_revision(day)
    old = set((day.home / "backups").rglob("*"))
    ask(day, "--strategy", "restore")
    runs(day, "prove-quiet")
    for file in old:
        if file.is_file():
            file.unlink()
    assert rests(day, seconds=250) in ("failed", "choosing"), story(day)
    assert kinds(day).count("escalated") == 1
    assert "Database administrator" in story(day)
    if status(day) == "choosing":
        day.backout("resume", newest(day), "--keep")
        rests(day)
    wait_for(lambda: day.shape() == before, "it is not as it was")
    is_as_it_was(day, before)


def test_too_long_without_an_end_calls_one_contact_after_the_other(day: Radar) -> None:
    """Seed, escalation: production is down for more than two hours, and the path from one to the next. Here, seconds."""
    rules, more = day.entry()["escalation"], day.more
    day.more = {**more, "escalation": {**rules, "after": "3s", "next_after": "3s"}}
    day.write_catalog()
    try:
        ask(day, "--to", "0004")
        assert rests(day, seconds=250) == "succeeded", story(day)
    finally:
        day.more = more
        day.write_catalog()
    assert [kind for kind in kinds(day) if kind.startswith("escalated")][:2] == ["escalated", "escalated.next"]
    assert "Senior backend engineer" in story(day)


@pytest.mark.slow
def test_a_pod_that_does_not_end_stops_the_run_and_everything_comes_back(day: Radar) -> None:
    before = day.shape()
    day.cluster.images[NEWER].stubborn = True
    ask(day, "--to", "0004")
    assert rests(day, seconds=200) == "failed"
    assert "did not end within" in story(day)
    day.cluster.images[NEWER].stubborn = False
    wait_for(lambda: day.shape() == before, "it is not as it was")
    is_as_it_was(day, before)


def no_room(day: Radar) -> None:
    day.cluster.apply(SPACE, things.quota(**{"count/jobs.batch": "0"}))


def no_right(day: Radar) -> None:
    def refuse(verb: str, resource: str, _: str | None) -> None:
        if (verb, resource) == ("create", "jobs"):
            raise ApiError(403, "Forbidden", 'jobs.batch is forbidden: User "backout" cannot create resource "jobs"')

    day.cluster.interferes = refuse


def no_image(day: Radar) -> None:
    """Until somebody pushes it again: the pods that come back need it, too."""
    image = day.cluster.images.pop(NEWER)

    def back() -> None:
        wait_for(lambda: status(day) != "running", "it does not end", seconds=200)
        day.cluster.images[NEWER] = image

    threading.Thread(target=back).start()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (no_room, "A quota leaves no room for it"),
        (no_right, "Backout may not create job"),
        (no_image, "ImagePullBackOff"),
    ],
)
def test_a_job_that_cannot_be_made_or_started_ends_the_run_and_everything_comes_back(
    day: Radar, trouble: Callable[[Radar], None], said: str
) -> None:
    before = day.shape()
    ask(day, "--to", "0004")
    runs(day, "back-up")
    trouble(day)
    try:
        assert rests(day, seconds=300) == "failed", story(day)
    finally:
        day.cluster.interferes = None
        day.cluster.store.remove("ResourceQuota", SPACE, "small")
    assert said in story(day)
    wait_for(lambda: day.shape() == before, "it is not as it was")
    is_as_it_was(day, before)


@pytest.mark.slow
def test_a_token_that_expires_on_the_way_is_waited_for_until_somebody_renews_it(day: Radar) -> None:
    before = day.shape()
    ask(day, "--to", "0004")
    runs(day, "prove-quiet")
    day.cluster.expire("admin-token")
    threading.Timer(20, lambda: day.cluster.renew("admin-token")).start()
    assert rests(day, seconds=300) == "succeeded", story(day)
    assert day.shape() == before


@pytest.mark.slow
def test_an_api_server_that_is_away_for_a_minute_is_waited_for(day: Radar) -> None:
    before = day.shape()
    ask(day, "--to", "0004")
    runs(day, "prove-quiet")
    day.cluster.away = True
    threading.Timer(60, lambda: setattr(day.cluster, "away", False)).start()
    assert rests(day, seconds=300) == "succeeded", story(day)
    assert day.shape() == before


@pytest.mark.slow
def test_somebody_who_scales_up_before_the_downgrade_is_noticed_and_not_overruled(day: Radar) -> None:
    before = day.shape()
    ask(day, "--to", "0004")
    runs(day, "back-up")
    day.cluster.edit("Deployment", SPACE, "deeptech-api", replicas=2)
    assert rests(day, seconds=200) == "failed", story(day)
    assert "step.revision_reached" not in kinds(day)
    assert "Somebody scaled deployment deeptech-api to 2 meanwhile; it had 3" in story(day)
    assert day.shape() == {**before, "replicas": 2}
    day.cluster.edit("Deployment", SPACE, "deeptech-api", replicas=3)


@pytest.mark.slow
def test_a_deployment_that_was_deleted_stops_the_run_where_a_person_must_look(day: Radar) -> None:
    ask(day, "--to", "0004")
    runs(day, "verify")
    day.cluster.store.remove("Deployment", SPACE, "deeptech-api")
    assert rests(day, seconds=200) in ("choosing", "halted")
    assert "deeptech-api" in story(day)
    day.cluster.apply(SPACE, *[each for each in day.objects(OLDER) if each["kind"] == "Deployment"])
    day.is_rolled_out()
