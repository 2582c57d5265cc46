"""The smallest service on Kubernetes, as docs/start.md has it, and what `backout check` says of it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.kube_double import things
from tests.kube_double.cluster import KubeDouble
from tests.kube_double.kubelet import Image
from tests.kube_real.cluster import clusters

ROOT = Path(__file__).parents[2]
RBAC = ROOT / "deploy" / "kubernetes" / "rbac.yaml"
BLOCK = next(
    block
    for block in re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "start.md").read_text(), re.DOTALL)
    if "kind: kubernetes" in block
)


def check(cluster: KubeDouble, url: str, history: str, token: str) -> tuple[int, dict[str, Any]]:
    catalog = cluster.folder / "backout.yml"
    catalog.write_text(BLOCK)
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(cluster.folder), "BACKOUT_CATALOG": str(catalog), "BACKOUT_HOME": str(cluster.folder / "home"),
        "SHOP_DATABASE_URL": url, "BACKOUT_DATABASE_URL": history, "KUBECONFIG": str(cluster.kubeconfig(token=token, namespace="shop")), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "bot", "check", "--json"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    return done.returncode, {each["question"]: each for each in said["shop"]}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("make", clusters())
def test_the_smallest_service_is_at_most_fifteen_lines_and_check_asks_everything(
    make: Callable[[Path], KubeDouble], tmp_path: Path, database_url: str, postgres_url: str
) -> None:
    assert len(BLOCK.splitlines()) <= 15
    app = Path(__file__).parent / "app"
    with make(tmp_path) as cluster:
        token = cluster.token_for("system:serviceaccount:backout:backout")
        cluster.images["api:1"] = Image(folder=app)
        cluster.apply("shop", things.deployment("api", replicas=0), *yaml.safe_load_all(RBAC.read_text()))
        code, answers = check(cluster, database_url, postgres_url, token)
        assert answers["platform"]["said"] == f"Kubernetes {cluster.version['gitVersion']}, namespace shop"
        assert answers["rights"]["said"].startswith("all ")
        assert answers["workloads"]["level"] == "ok"
        assert answers["gitops"]["said"] == "nobody puts back what a rollback changes"
        assert "never ran on it" in answers["revision"]["said"]
        assert code == 0
        cluster.store.update("Role", "shop", "backout", lambda each: each.update(rules=each["rules"][1:]))
        code, answers = check(cluster, database_url, postgres_url, token)
        assert answers["rights"]["said"] == "may not get deployments.apps, patch deployments.apps"
        assert code == 1
