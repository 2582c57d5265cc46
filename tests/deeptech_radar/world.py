"""DeepTech Radar in a small cluster: the seed's API, five CronJobs and an autoscaler; everything in it really runs.

On the double always; and where KUBECONFIG names a control plane without nodes, on that one, too: this machine is its node then
(`tests/kube_real`), and what runs in pods are the same processes on the same PostgreSQL.
"""

import json
import os
import secrets
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import yaml
from psycopg import sql

sys.path.insert(0, str(Path(__file__).parents[1] / "rollback"))

from world import Shop, free_port, wait_for

from tests.conftest import server_folder
from tests.kube_double import things
from tests.kube_double.cluster import KubeDouble
from tests.kube_double.kubelet import Image
from tests.kube_double.store import wait
from tests.warm import Ran, run_alembic, warm_python

HERE = Path(__file__).parent
CATALOG = HERE.parents[1] / "docs" / "examples" / "deeptech-radar" / "backout.yml"
SPACE = "deeptech"
CRONJOBS = ("arxiv-hourly", "github-hourly", "linking-daily", "scoring-daily", "opportunities-daily")
OLDER, NEWER = "ghcr.io/yourorg/deeptech-radar-api:1.0", "ghcr.io/yourorg/deeptech-radar-api:2.0"
SEEN = ("papers", "repositories", "paper_repo_links", "opportunities")


@dataclass
class Radar(Shop):
    """Driven by the program alone, as `Shop` is; its catalog is the one of the documentation."""

    name: str = "deeptech-radar"
    lease: str = ""
    #: Its worker, where a test kills it.
    hand: Any = None
    cluster: KubeDouble = field(kw_only=True)
    kubeconfig: Path = field(kw_only=True)

    @property
    def environ(self) -> dict[str, str]:
        more = {
            "RADAR_DATABASE_URL": self.url,
            "KUBECONFIG": str(self.kubeconfig),
            "DATABASE_URL": self.url,
            "BACKOUT_LEASE": self.lease,
        }
        return {**super().environ, **more}

    def backout(self, *words: str, check: int | None = 0, seconds: float = 400, **variables: str) -> Ran:
        """An assessment is several Jobs, one after the other, on a machine that many share."""
        return super().backout(*words, check=check, seconds=seconds, **variables)

    def make(self, *, upgrade: bool = True) -> None:
        shutil.copytree(HERE / "app", self.folder, dirs_exist_ok=True)
        self.write_catalog()
        for revision in ("0004", "head") if upgrade else ():
            self.alembic("upgrade", revision)
            if revision == "0004":
                self.fill()

    def fill(self) -> None:
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "INSERT INTO papers (title, domain, embedding) SELECT 'paper ' || g, 'AI', ARRAY[g,1,2,3,4,5,6,7]::vector"
                " FROM generate_series(1, 300) g"
            )
            connection.execute("INSERT INTO repositories (name) SELECT 'repo ' || g FROM generate_series(1, 100) g")
            connection.execute("INSERT INTO paper_repo_links SELECT g, g, 0.5 FROM generate_series(1, 100) g")
            connection.execute(
                "INSERT INTO opportunities (paper_id, headline) SELECT g, 'chance' FROM generate_series(1, 20) g"
            )

    def entry(self) -> dict[str, Any]:
        """The documentation's, for a database, a health page and a store that are here."""
        entry = yaml.safe_load(CATALOG.read_text())["services"]["deeptech-radar"]
        health = f"http://127.0.0.1:{self.port}/health"
        text = json.dumps(entry).replace("http://deeptech-api.deeptech.svc:8000/health", health)
        entry = json.loads(text)
        del entry["database"]["inside_url"], entry["database"]["role"], entry["channel"]
        entry["environment"] = "staging"
        entry["writers"] |= {
            "pause_between": "200ms",
            "quiet_for": "300ms",
            "start_timeout": "120s",
            "stop_timeout": "30s",
        }
        entry["backups"] = {"stores": [{"folder": str(self.home / "backups")}]}
        entry["approvers"] = {"terminal": ["nobody-yet"]}
        entry["policy"] = {"quorum": 0, **self.policy}
        return {**entry, **self.more}

    def start(self) -> None:
        """Release 1.0 was deployed, then 2.0; the autoscaler made it three."""
        # What runs in pods begins with everything loaded.
        path = f"{Path(warm_python()).parent}:{os.environ['PATH']}"
        image = Image(folder=self.folder, env={"PATH": path, "PORT": str(self.port), "RADAR_SLOW": "0"})
        self.cluster.images[OLDER] = Image(**{**vars(image), "env": {**image.env, "RELEASE": "1.0"}})
        self.cluster.images[NEWER] = Image(**{**vars(image), "env": {**image.env, "RELEASE": "2.0"}})
        self.cluster.apply(SPACE, *self.objects(OLDER))
        self.is_rolled_out()
        self.cluster.store.update("Deployment", SPACE, "deeptech-api", _with_image(NEWER))
        self.is_rolled_out()
        wait_for(lambda: self.writes() and self.answers(), "the radar did not start")

    def objects(self, image: str) -> list[dict[str, Any]]:
        env = [{"name": "DATABASE_URL", "valueFrom": {"secretKeyRef": {"name": "deeptech-db", "key": "url"}}}]
        crons = [things.cronjob(name, image, command=("python", "worker.py", name)) for name in CRONJOBS]
        for each in crons:
            each["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["env"] = env
        return [
            {"kind": "Secret", "metadata": {"name": "deeptech-db"}, "stringData": {"url": self.url}},
            things.deployment("deeptech-api", image, replicas=3, env=env, command=["python", "api.py"]),
            things.autoscaler("deeptech-api", target="deeptech-api", low=2, high=6),
            *crons,
        ]

    def deploy(self, image: str, revision: str) -> None:
        """As on any day: the migration, then the release."""
        if self.revision() != revision:
            with psycopg.connect(self.url, autocommit=True, application_name="the test") as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'radar api' AND datname = current_database()"
                )
            self.alembic("upgrade", revision)
        self.cluster.store.update("Deployment", SPACE, "deeptech-api", _with_image(image))
        self.is_rolled_out()
        wait_for(self.writes, "it does not write")

    def alembic(self, *words: str) -> None:
        run_alembic(*words, folder=self.folder, env=self.environ)

    def is_rolled_out(self) -> None:
        def complete() -> bool:
            status = self.cluster.store.get("Deployment", SPACE, "deeptech-api").get("status", {})
            return bool(status.get("updatedReplicas") == status.get("readyReplicas") == status.get("replicas") == 3)

        wait(self.cluster.store, complete, 60)

    def stop(self) -> None:
        """The cluster ends what runs in it."""

    def orders(self) -> int:
        return int(self.ask("SELECT count(*) FROM papers"))

    def counts(self) -> dict[str, int]:
        return {name: int(self.ask(f"SELECT count(*) FROM {name}")) for name in SEEN}

    @property
    def database(self) -> str:
        return str(psycopg.conninfo.conninfo_to_dict(self.url)["dbname"])

    def copied_as(self, name: str) -> None:
        """The whole database, as a provider's snapshot has it."""
        with self._closed() as (admin, mine):
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), mine))

    def replaced_by(self, name: str) -> None:
        """As a provider restores an instance in its place."""
        with self._closed() as (admin, mine):
            admin.execute(sql.SQL("DROP DATABASE {}").format(mine))
            admin.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), mine))

    @contextmanager
    def _closed(self) -> Iterator[tuple[psycopg.Connection[Any], sql.Identifier]]:
        """Nobody else is in it meanwhile."""
        name = self.database
        mine = sql.Identifier(name)
        with psycopg.connect(self.url, dbname="postgres", autocommit=True) as admin:
            admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(mine))
            admin.execute("SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE datname = %s", [name])
            yield admin, mine
            admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(mine))

    def release(self) -> str:
        """What answers; a pod that ends takes along who has only just knocked, and they knock again."""
        until = time.monotonic() + 5
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                    return str(json.load(answer)["release"])
            except OSError:
                if time.monotonic() > until:
                    raise
            time.sleep(0.05)

    def image(self) -> str:
        return str(self.cluster.spec("Deployment", SPACE, "deeptech-api")["template"]["spec"]["containers"][0]["image"])

    def shape(self) -> dict[str, Any]:
        """What has to be given back exactly: replicas, schedules, bounds."""
        spec = self.cluster.spec
        scaler = spec("HorizontalPodAutoscaler", SPACE, "deeptech-api")
        notes = [
            name for kind, names in (("Deployment", ["deeptech-api"]), ("HorizontalPodAutoscaler", ["deeptech-api"]), ("CronJob", CRONJOBS))
            for one in names for name in self.cluster.store.get(kind, SPACE, one)["metadata"].get("annotations", {}) if name.startswith("backout/")
        ]  # fmt: skip
        return {
            "replicas": spec("Deployment", SPACE, "deeptech-api")["replicas"], "scaler": scaler, "notes": notes,
            "crons": {name: (spec("CronJob", SPACE, name)["suspend"], spec("CronJob", SPACE, name)["schedule"]) for name in CRONJOBS},
        }  # fmt: skip


@contextmanager
def a_radar(server: Any, make: Callable[[Path], KubeDouble] = KubeDouble, **how: Any) -> Iterator[Radar]:
    """Running, on a database of its own."""
    tag = secrets.token_hex(4)
    names = [f"radar_{tag}", f"history_{tag}"]
    with server_folder() as folder, psycopg.connect(server.url(), autocommit=True) as admin:
        folder.chmod(0o755)
        for name in names:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        for part in ("app", "home", "cluster"):
            (folder / part).mkdir()
        try:
            with make(folder / "cluster") as cluster:
                radar = Radar(
                    folder=folder / "app", home=folder / "home", url=server.url(names[0]), history_url=server.url(names[1]),
                    port=free_port(), cluster=cluster, kubeconfig=cluster.kubeconfig(namespace=SPACE), **how,
                )  # fmt: skip
                radar.make()
                radar.start()
                yield radar
        finally:
            for (left,) in admin.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"%{tag}%"]
            ).fetchall():
                admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(left)))


def _with_image(image: str) -> Any:
    def change(each: dict[str, Any]) -> None:
        each["spec"]["template"]["spec"]["containers"][0]["image"] = image

    return change


__all__ = ["CRONJOBS", "NEWER", "OLDER", "SPACE", "Radar", "a_radar"]
