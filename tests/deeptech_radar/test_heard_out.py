"""A downgrade in a Job whose runner is killed, or leaves: the next runner hears it to its end, and starts no other."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.deeptech_radar.one_downgrade import downgrade
from tests.kube_double import things
from tests.kube_double.cluster import KubeDouble
from tests.kube_double.kubelet import Image
from tests.kube_double.store import wait
from tests.kube_real.cluster import clusters

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.mark.slow
@pytest.mark.parametrize("farewell", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "leaves"])
@pytest.mark.parametrize("make", clusters())
def test_the_next_runner_hears_it_to_its_end_and_starts_no_other(
    make: Callable[[Path], KubeDouble], tmp_path: Path, database_url: str, farewell: signal.Signals
) -> None:
    app = tmp_path / "app"
    shutil.copytree(HERE / "app", app)
    words = [sys.executable, "-m", "alembic", "upgrade", "head"]
    subprocess.run(words, cwd=app, env={**os.environ, "DATABASE_URL": database_url}, check=True, capture_output=True)
    with make(tmp_path) as cluster:
        cluster.images["api:1"] = Image(folder=app, env={"RADAR_SLOW": "6"})
        cluster.apply("deeptech", things.deployment("deeptech-api", "api:1", replicas=0))
        config = str(cluster.kubeconfig(namespace="deeptech"))
        runner = [sys.executable, str(HERE / "one_downgrade.py"), database_url, config]
        with subprocess.Popen(runner, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"captured\n"
            with psycopg.connect(database_url, autocommit=True, application_name="the test") as connection:
                session = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'backout RB-1 downgrade'"
                wait(cluster.store, lambda: connection.execute(session).fetchone() == (1,), 60)
                process.send_signal(farewell)
                process.wait(60)
                assert connection.execute(session).fetchone() == (1,), "it goes on without its runner"
        noted: list[str] = []
        result = downgrade(database_url, config, lambda kind, _: noted.append(kind))
        assert noted[0] == "found_again"
        assert result["revision"] == ["0004"]
        assert len(cluster.kubelet.started) == 1
        with psycopg.connect(database_url) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0004",)
        wait(cluster.store, lambda: not cluster.store.all("Job"))
