"""What a first look at a cluster tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from actions.platforms.kubernetes.api import Api
from actions.platforms.kubernetes.connecting import Cluster
from actions.platforms.kubernetes.kinds import POD


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterFacts:
    version: str
    namespace: str


def look_at(cluster: Cluster, environ: Mapping[str, str]) -> ClusterFacts:
    """API server reachable, namespace readable; an error with its own reason otherwise, and no patience."""
    api = Api.of(cluster, environ, patience=timedelta(0))
    version = api.version()
    api.list(POD)
    return ClusterFacts(version=version, namespace=cluster.namespace)
