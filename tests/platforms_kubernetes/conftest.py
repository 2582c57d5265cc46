from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from actions.platforms.kubernetes.api import Api
from actions.platforms.kubernetes.connecting import Cluster
from tests.kube_double.cluster import KubeDouble
from tests.kube_double.kubelet import Image

SPACE = "radar"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[KubeDouble]:
    with KubeDouble(tmp_path) as double:
        double.images["api:1"] = Image()
        double.images["api:2"] = Image()
        yield double


@pytest.fixture
def api(cluster: KubeDouble) -> Api:
    return api_of(cluster)


def api_of(cluster: KubeDouble, *, patience: float = 20, **how: object) -> Api:
    config = cluster.kubeconfig(**how)  # type: ignore[arg-type]
    return Api.of(Cluster(namespace=SPACE, kubeconfig=config), {}, patience=timedelta(seconds=patience))
