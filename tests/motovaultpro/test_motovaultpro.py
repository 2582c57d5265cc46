"""MotoVaultPro: fourteen containers that became six, taken back by phases, in part, or all together, on a real engine.

The catalog is the one of the documentation; only the folder, the names on the engine and the port are this test's own.
"""

import secrets
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "runbooks"))

from garage import Garage

from actions.catalog import Catalog, load_catalog
from actions.embedded import EmbeddedPostgres
from actions.history.database import open_history
from actions.history.lifecycle import Status
from actions.history.values import RollbackId
from actions.run.crewing import Sites
from actions.run.runbooks.advising import advise
from actions.run.runbooks.drilling import DrillWanted, How, drill_runbook
from tests.conftest import server_folder
from tests.docker_world.project import Project, compose_project, docker

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "motovaultpro"
NPM = """#!/bin/sh
set -e
echo "npm $*" >> "$(git rev-parse --show-toplevel)/.npm.log"
case "$1 $2" in "run build") grep -q broken src/app.ts && { echo "src/app.ts: broken" >&2; exit 1; }; cp src/app.ts built.js;; esac
"""
MAKEFILE = "test:\n\ttest -f backend/src/app.ts\n"
PHASES = (
    "docker-compose", "remove-tenant", "filesystem-storage", "config-cleanup", "network-simplification", "backend-updates",
    "database-updates", "platform-service", "documentation", "frontend", "testing",
)  # fmt: skip
FILES = (
    "backend/src/core/middleware/tenant.ts", "backend/src/core/config/tenant.ts", "backend/src/features/tenant-management/a.ts",
    "backend/src/app.ts", "backend/src/core/plugins/auth.plugin.ts", "backend/src/core/storage/a.ts",
    "backend/src/features/documents/a.ts", "config/app/production.yml", ".env", ".env.development", "secrets/app/a",
    "secrets/platform/a", "backend/src/core/config/config-loader.ts", "backend/src/features/vehicles/external/a.ts",
    "backend/src/_system/migrations/a.sql", "mvp-platform-services/vehicles/a.py", "README.md", "CLAUDE.md", "AI-INDEX.md",
    "docs/a.md", ".ai/context.json", "frontend/src/app.ts", "backend/src/features/vehicles/README.md",
)  # fmt: skip


@pytest.fixture(scope="module")
def town(postgres_server: EmbeddedPostgres) -> Iterator["Town"]:
    """Its repository with both states, and the six containers of now; `prepare` has run before the simplification."""
    name = f"history_{secrets.token_hex(4)}"
    import psycopg

    with psycopg.connect(postgres_server.url(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    with server_folder() as folder, open_history(postgres_server.url(name)) as history:
        (folder / "home").mkdir()
        shutil.copytree(EXAMPLE, folder / "moto")
        garage = Garage(folder=folder / "moto" / "app", home=folder / "home", history=history, name="motovaultpro")
        yield Town(garage)


class Town:
    def __init__(self, garage: Garage) -> None:
        self.garage = garage
        self.tag = f"m{secrets.token_hex(3)}"
        self._write_history()

    @property
    def root(self) -> Path:
        return self.garage.folder.parent

    def _write_history(self) -> None:
        app, garage = self.garage.folder, self.garage
        tools = self.root / "bin"
        tools.mkdir()
        (tools / "npm").write_text(NPM)
        (tools / "npm").chmod(0o755)
        import os

        garage.more = {"PATH": f"{tools}:{os.environ['PATH']}"}
        for path in FILES:
            garage.write(path, "before\n")
        garage.write("Makefile", MAKEFILE)
        garage.write(".gitignore", "built.js\n.npm.log\n*-state.txt\ndocs/redesign/\n")
        for state in ("before", "after"):
            file = app / f"docker-compose.{state}.yml"
            file.rename(self.root / f"{state}.yml")
        self._compose("before")
        garage.git("add", "-A")
        garage.git("commit", "-q", "-m", "before")
        garage.git("init", "-q", "--bare", str(self.root / "origin.git"))
        garage.git("remote", "add", "origin", str(self.root / "origin.git"))

    def own(self, text: str) -> str:
        """Names that nobody else on this engine has."""
        for word in ("admin_", "mvp_", "motovaultpro_"):
            text = text.replace(word, f"{self.tag}{word}")
        return text

    def _compose(self, state: str) -> None:
        self.garage.write("docker-compose.yml", self.own((self.root / f"{state}.yml").read_text()))

    def simplify(self) -> None:
        """The team's own work: all phases in one commit."""
        self._compose("after")
        for path in FILES:
            if path.startswith("backend/src/core/middleware"):
                (self.garage.folder / path).unlink(missing_ok=True)
            else:
                self.garage.write(path, "after\n")
        self.garage.git("add", "-A")
        self.garage.git("commit", "-q", "-m", "simplified")

    def catalog(self, project: Project | None = None) -> Catalog:
        text = self.own((EXAMPLE / "backout.yml").read_text())
        name = project.name if project else f"{self.tag}admin"
        program = " ".join(project.program) if project else "docker compose"
        env = "".join(f', {key}: "{value}"' for key, value in (project.environ if project else {}).items())
        text = text.replace(
            "{kind: compose, folder: app, project: admin}",
            f"{{kind: compose, folder: app, project: {name}, command: {program}, env: {{A: b{env}}}}}",
        )
        text = text.replace("environment: production", "environment: development")
        port = project.environ["TRAEFIK_PORT"] if project else "8080"
        (self.root / "backout.yml").write_text(text.replace("localhost:8080", f"127.0.0.1:{port}"))
        return load_catalog(self.root / "backout.yml", self.garage.environ)

    def ask(self, catalog: Catalog, part: str, runbook: str = "simplification") -> RollbackId:
        rollback = self.garage.ask(catalog, part=part, runbook=runbook, reason="containers fail to start")
        self.garage.go_on(catalog, rollback)
        return rollback

    def tick_all(self, catalog: Catalog, rollback: RollbackId) -> Status:
        """Somebody looks at everything that only people see."""
        for name, step in self.garage.steps(rollback).items():
            if step.parameters.get("for_person"):
                self.garage.tick(rollback, name)
        return self.garage.go_on(catalog, rollback)

    def state(self, path: str) -> str | None:
        file = self.garage.folder / path
        return file.read_text() if file.exists() else None


def without_containers(town: Town) -> Catalog:
    if town.garage.git("log", "--oneline").count("\n") == 0:
        town.garage.git("tag", "-a", "-m", "x", "pre-simplification-20251101-1", "HEAD")
        town.simplify()
    return town.catalog()


def test_each_of_the_eleven_phases_says_what_it_would_do_and_its_files_are_rehearsed(town: Town) -> None:
    """Everything but containers is done in a throw-away tree, undone, and compared; builds run there, too."""
    catalog = without_containers(town)
    sites = Sites(
        services=catalog.service, environ=town.garage.environ, history=town.garage.history, home=town.garage.home
    )
    head = town.garage.git("status", "--porcelain"), town.garage.git("for-each-ref")
    declared = catalog.service("motovaultpro").runbooks["simplification"].phases
    assert tuple(declared) == PHASES
    for phase in PHASES:
        if phase in ("filesystem-storage", "database-updates", "platform-service"):
            continue  # they bring volumes back: see the tests with containers
        done = drill_runbook(
            sites("motovaultpro"), DrillWanted(runbook="simplification", target=phase, with_commands=True)
        )
        assert done.passed, (phase, done.findings, done.points)
        assert done.previews
        done_there = [point for point in done.points if point.how is How.DONE]
        assert done_there or phase == "testing"
    assert (town.garage.git("status", "--porcelain"), town.garage.git("for-each-ref")) == head


def test_documentation_goes_back_at_no_risk_and_people_tick_that_it_is_right(town: Town) -> None:
    catalog = without_containers(town)
    rollback = town.ask(catalog, "documentation")
    assert town.garage.shown(rollback)["runbook"]["phases"][0]["risk"] == "none"
    assert town.garage.shown(rollback)["runbook"]["risk_note"] == "documentation only, no functional impact"
    assert town.tick_all(catalog, rollback) is Status.SUCCEEDED, town.garage.outcome(rollback)
    for name in ("README.md", "docs/a.md", "backend/src/features/vehicles/README.md"):
        assert town.state(name) == "before\n"
    assert town.state("backend/src/app.ts") == "after\n"
    log = town.state("docs/redesign/ROLLBACK-LOG.md")
    assert log is not None
    assert "Reason: containers fail to start. Phases rolled back: documentation." in log
    town.garage.git("reset", "-q", "--hard")


def test_configuration_is_kept_when_only_the_code_goes_back(town: Town) -> None:
    catalog = without_containers(town)
    rollback = town.ask(catalog, "keep-config")
    assert town.garage.shown(rollback)["runbook"]["scope"]["keeps"] == ["config-cleanup"]
    assert town.tick_all(catalog, rollback) is Status.SUCCEEDED, town.garage.outcome(rollback)
    assert (town.state("backend/src/core/middleware/tenant.ts"), town.state("config/app/production.yml")) == (
        "before\n",
        "after\n",
    )
    town.garage.git("reset", "-q", "--hard")


def test_a_build_that_fails_undoes_the_phase(town: Town) -> None:
    """`Build errors after tenant code removal`: and the older code does not build either."""
    catalog = without_containers(town)
    town.garage.git("checkout", "-q", "-b", "broken", "HEAD~1")
    town.garage.write("backend/src/app.ts", "broken\n")
    town.garage.git("commit", "-q", "-am", "broken")
    town.garage.write("backend/src/app.ts", "after\n")
    town.garage.git("commit", "-q", "-am", "mended")
    rollback = town.ask(catalog, "remove-tenant")
    assert town.garage.status(rollback) is Status.FAILED
    assert "src/app.ts: broken" in town.garage.outcome(rollback)
    assert town.state("backend/src/app.ts") == "after\n"
    assert town.state("backend/built.js") == "after\n", "built again from the files that are back"
    assert "failed: Run npm run build" in (town.state("docs/redesign/ROLLBACK-LOG.md") or "")
    town.garage.git("checkout", "-q", "main")


def test_without_an_archive_what_needs_one_is_refused_before_anything_stops(town: Town) -> None:
    catalog = without_containers(town)
    for part in ("full", "database-updates"):
        rollback = town.ask(catalog, part)
        assert town.garage.status(rollback) is Status.REFUSED
    assert "needs backend-updates" in town.garage.outcome(rollback)


def test_the_matrix_leads_from_each_failure_to_the_scope(town: Town) -> None:
    services = without_containers(town).services
    for said, scope, time in (
        ("Container start fails", "docker-compose", "5m"), ("Data corruption", "full", "30m to 1h"),
        ("Network issues", "network-simplification", "10m"), ("Platform API down", "platform-service", "15m"),
        ("Critical production bug", "full", "30m"),
    ):  # fmt: skip
        best = advise(services, said)[0]
        assert (best.scope, str(best.expected_time)) == (scope, time)
    assert advise(services, "Build errors")[0].advice == "Take back the phase that was made last."


def port() -> str:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope="module")
def up(postgres_server: EmbeddedPostgres) -> Iterator[tuple[Town, Project]]:
    """As on the day before: fourteen containers with data, everything prepared, then the six."""
    import psycopg

    name = f"history_{secrets.token_hex(4)}"
    with psycopg.connect(postgres_server.url(), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    with server_folder() as folder, open_history(postgres_server.url(name)) as history:
        (folder / "home").mkdir()
        shutil.copytree(EXAMPLE, folder / "moto")
        town = Town(Garage(folder=folder / "moto" / "app", home=folder / "home", history=history, name="motovaultpro"))
        with compose_project(town.garage.folder, environ={"TRAEFIK_PORT": port()}) as project:
            try:
                project.up()
                project.wait_healthy("admin-postgres")
                psql(
                    project,
                    "admin-postgres",
                    "CREATE TABLE vehicles (vin text); INSERT INTO vehicles VALUES ('a'), ('b'), ('c')",
                )
                project.compose("exec", "-T", "admin-minio", "sh", "-c", "echo contract > /data/document")
                catalog = town.catalog(project)
                prepared = town.ask(catalog, "all", "prepare")
                assert town.garage.status(prepared) is Status.SUCCEEDED, town.garage.outcome(prepared)
                project.compose("down", "--timeout", "0")
                town.simplify()
                project.up()
                project.wait_healthy("mvp-postgres")
                yield town, project
            finally:
                project.compose("down", "--volumes", "--remove-orphans", "--timeout", "0", check=False)
                left = [each for each in docker("volume", "ls", "--format", "{{.Name}}").split() if town.tag in each]
                if left:
                    docker("volume", "rm", "--force", *left)


def psql(project: Project, service: str, statement: str) -> str:
    return project.compose(
        "exec", "-T", service, "psql", "-h", "127.0.0.1", "-U", "postgres", "-tAc", statement
    ).strip()


def running(project: Project) -> int:
    return sum(1 for each in project.containers() if each["State"]["Status"] == "running")  # type: ignore[index]


@pytest.mark.docker
@pytest.mark.timeout(900)
def test_containers_that_do_not_come_up_leave_the_six_as_they_were(up: tuple[Town, Project]) -> None:
    town, project = up
    catalog = town.catalog(project)
    garage = town.garage
    good = garage.read("docker-compose.yml")
    garage.write(
        "docker-compose.yml", town.own((town.root / "before.yml").read_text()).replace("86400", "not-a-number")
    )
    garage.git("commit", "-q", "-am", "a state that never worked")
    garage.write("docker-compose.yml", good)
    garage.git("commit", "-q", "-am", "back at the six")
    rollback = town.ask(catalog, "docker-compose")
    assert garage.status(rollback) is Status.FAILED
    assert "Not everything came up" in garage.outcome(rollback)
    assert garage.read("docker-compose.yml") == good
    assert running(project) == 6
    garage.git("reset", "-q", "--hard", "HEAD~2")


MINIO = 'admin-minio: {<<: *idle, volumes: ["minio_data:/data"], networks: [backend]}'
PLATFORM = """mvp-platform-vehicles-api: {<<: *idle, networks: [backend]}
  mvp-platform-vehicles-db: {<<: *idle, volumes: ["vehicles_db_data:/data"], networks: [backend]}
  mvp-platform-vehicles-redis: {<<: *idle, networks: [backend]}
  mvp-platform-vehicles-etl: {<<: *idle, networks: [backend]}"""
IDLE_TRAEFIK = "mvp-traefik: {<<: *idle, networks: [frontend, backend]}"
TRAEFIK = """mvp-traefik:
    <<: *idle
    command: [python3, -c, "import http.server as h; h.SimpleHTTPRequestHandler.do_GET = lambda s: (s.send_response(200), s.end_headers(), s.wfile.write(b'[]')); h.ThreadingHTTPServer(('', 8080), h.SimpleHTTPRequestHandler).serve_forever()"]
    ports: ["127.0.0.1:${TRAEFIK_PORT:-8080}:8080"]
    networks: [frontend, backend, platform, egress]"""
#: What the compose file was before that phase alone: the team makes one commit for each.
EARLIER = {
    "only-storage": [("mvp-platform:", f"{MINIO}\n  mvp-platform:"), ("volumes:\n", "volumes:\n  minio_data: {name: admin_minio_data}\n")],
    "network-simplification": [
        (IDLE_TRAEFIK, TRAEFIK),
        *((f"{name}: {{name: motovaultpro_{name}}}", f"{name}: {{name: admin_{name}}}") for name in ("frontend", "backend")),
        (
            "database: {name: motovaultpro_database}",
            "database: {name: admin_database}\n  platform: {name: admin_platform}\n  egress: {name: admin_egress}",
        ),
    ],
    "backend-updates,database-updates": [("mvp_postgres_data", "admin_postgres_data")],
    "platform-service": [
        ("mvp-platform: {<<: *idle, networks: [backend]}", PLATFORM),
        ("volumes:\n", "volumes:\n  vehicles_db_data: {name: mvp_platform_vehicles_db_data}\n"),
    ],
}  # fmt: skip


def services(project: Project) -> set[str]:
    return {
        str(each["Config"]["Labels"]["com.docker.compose.service"])  # type: ignore[index]
        for each in project.containers()
        if each["State"]["Status"] == "running"  # type: ignore[index]
    }


def networks(town: Town) -> set[str]:
    names = docker("network", "ls", "--format", "{{.Name}}").split()
    return {name.removeprefix(town.tag) for name in names if name.startswith(town.tag)}


@pytest.mark.docker
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", EARLIER)
def test_one_phase_alone_goes_back_with_its_volume_and_the_others_stay(up: tuple[Town, Project], part: str) -> None:
    """Phases 3, 7 and 8, whose data comes back from the archives that `prepare` made; and 5, with its networks."""
    town, project = up
    garage, six = town.garage, services(project)
    newer = garage.read("docker-compose.yml")
    older = (town.root / "after.yml").read_text()
    for now, then in EARLIER[part]:
        assert now in older
        # The last one: what is above it are services.
        older = then.join(older.rsplit(now, 1)) if now == "volumes:\n" else older.replace(now, then)
    garage.write("docker-compose.yml", town.own(older))
    there = [path for path in FILES if town.state(path) is not None]
    for path in there:
        garage.write(path, "the phase before\n")
    garage.git("commit", "-qam", "before the phase")
    garage.write("docker-compose.yml", newer)
    for path in there:
        garage.write(path, "after\n")
    garage.git("commit", "-qam", "the phase")
    catalog = town.catalog(project)
    try:
        rollback = town.ask(catalog, part)
        assert town.tick_all(catalog, rollback) is Status.SUCCEEDED, garage.outcome(rollback)
        assert town.state("README.md") == "after\n"
        if part == "only-storage":
            assert services(project) == six | {"admin-minio"}
            assert project.compose("exec", "-T", "admin-minio", "cat", "/data/document").strip() == "contract"
            assert town.state("backend/src/core/storage/a.ts") == "the phase before\n"
        elif part == "network-simplification":
            assert services(project) == six
            assert networks(town) == {
                "admin_frontend",
                "admin_backend",
                "admin_database",
                "admin_platform",
                "admin_egress",
            }
        elif part == "platform-service":
            assert services(project) == (six - {"mvp-platform"}) | {
                "mvp-platform-vehicles-api", "mvp-platform-vehicles-db", "mvp-platform-vehicles-redis",
                "mvp-platform-vehicles-etl",
            }  # fmt: skip
        else:
            assert psql(project, "mvp-postgres", "SELECT count(*) FROM vehicles") == "3"
            assert "Optional steps that failed: Run the migrations again" in garage.outcome(rollback)
    finally:
        garage.git("reset", "-q", "--hard", "HEAD~2")
        project.compose("up", "--detach", "--remove-orphans")
        for left in networks(town):
            if left.startswith("admin_"):
                docker("network", "rm", f"{town.tag}{left}")
    assert services(project) == six


@pytest.mark.docker
@pytest.mark.timeout(900)
def test_the_code_alone_goes_back_and_the_infrastructure_stays(up: tuple[Town, Project]) -> None:
    town, project = up
    garage = town.garage
    before, compose = services(project), garage.read("docker-compose.yml")
    catalog = town.catalog(project)
    rollback = town.ask(catalog, "keep-infrastructure")
    assert garage.shown(rollback)["runbook"]["scope"]["keeps"] == ["docker-compose"]
    assert town.tick_all(catalog, rollback) is Status.SUCCEEDED, garage.outcome(rollback)
    assert (town.state("backend/src/app.ts"), town.state("frontend/src/app.ts")) == ("before\n", "before\n")
    assert (garage.read("docker-compose.yml"), services(project)) == (compose, before)
    garage.git("reset", "-q", "--hard")


@pytest.mark.docker
@pytest.mark.timeout(900)
def test_everything_goes_back_to_the_fourteen_with_their_data(up: tuple[Town, Project]) -> None:
    town, project = up
    catalog = town.catalog(project)
    rollback = town.ask(catalog, "full")
    assert town.garage.status(rollback) is Status.RUNNING, town.garage.outcome(rollback)
    assert town.tick_all(catalog, rollback) is Status.SUCCEEDED, town.garage.outcome(rollback)
    assert running(project) == 14
    assert psql(project, "admin-postgres", "SELECT count(*) FROM vehicles") == "3"
    assert project.compose("exec", "-T", "admin-minio", "cat", "/data/document").strip() == "contract"
    assert town.state("backend/src/core/middleware/tenant.ts") == "before\n"
    volumes = docker("volume", "ls", "--format", "{{.Name}}").split()
    assert f"{town.tag}admin_postgres_data" in volumes
    assert f"{town.tag}mvp_postgres_data" not in volumes
    assert "Phases rolled back: full." in (town.state("docs/redesign/ROLLBACK-LOG.md") or "")
