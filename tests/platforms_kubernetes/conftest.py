from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from actions.platforms.kubernetes.api import Api
from actions.platforms.kubernetes.connecting import Cluster
from tests.kube_double.cluster import KubeDouble
from tests.kube_double.kubelet import Image
from tests.kube_real.cluster import clusters

SPACE = "radar"


@pytest.fixture(params=clusters(), ids=lambda make: make.__name__)
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KubeDouble]:
    """See `clusters`."""
    with request.param(tmp_path) as made:
        made.images["api:1"] = Image()
        made.images["api:2"] = Image()
        yield made


@pytest.fixture
def api(cluster: KubeDouble) -> Api:
    return api_of(cluster)


def api_of(cluster: KubeDouble, *, patience: float = 20, **how: object) -> Api:
    config = cluster.kubeconfig(**how)  # type: ignore[arg-type]
    return Api.of(Cluster(namespace=SPACE, kubeconfig=config), {}, patience=timedelta(seconds=patience))
