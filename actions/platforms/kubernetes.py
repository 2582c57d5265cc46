"""Kubernetes, through its official client."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actions.errors import UnavailableError
from actions.redaction import redact

SECONDS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """Which cluster and where in it. Without a kubeconfig: the pod's own service account, else the user's default."""

    namespace: str
    context: str | None = None
    kubeconfig: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterFacts:
    version: str
    namespace: str


def look_at(cluster: Cluster, environ: Mapping[str, str]) -> ClusterFacts:
    """API server reachable, namespace readable; UnavailableError with its own reason otherwise."""
    from kubernetes import client
    from urllib3.exceptions import HTTPError

    api = connect(cluster, environ)
    try:
        version = client.VersionApi(api).get_code(_request_timeout=SECONDS)
        client.AppsV1Api(api).list_namespaced_deployment(cluster.namespace, limit=1, _request_timeout=SECONDS)
    except client.ApiException as error:
        raise UnavailableError(
            f"The API server says {error.status} {error.reason}", next_step=_remedy(error.status)
        ) from error
    except (HTTPError, OSError, ValueError) as error:
        raise UnavailableError(f"The API server does not answer: {redact(str(error))[:200]}") from error
    return ClusterFacts(version=str(version.git_version), namespace=cluster.namespace)


def connect(cluster: Cluster, environ: Mapping[str, str]) -> Any:
    """A client of its own for this cluster; nothing global is changed."""
    from kubernetes import client, config
    from yaml import YAMLError

    # The client's own types stop short of these two.
    load_in_cluster: Any = config.load_incluster_config
    load_file: Any = config.load_kube_config
    configuration = client.Configuration()
    configuration.retries = 1
    try:
        if cluster.kubeconfig is None and cluster.context is None:
            try:
                load_in_cluster(client_configuration=configuration)
                return client.ApiClient(configuration)
            except config.ConfigException:
                pass  # not in a pod
        load_file(
            config_file=str(cluster.kubeconfig) if cluster.kubeconfig else environ.get("KUBECONFIG"),
            context=cluster.context,
            client_configuration=configuration,
        )
    except (config.ConfigException, YAMLError, OSError, TypeError, ValueError, AttributeError) as error:
        raise UnavailableError(
            f"There is no usable cluster configuration: {redact(str(error))[:200]}",
            next_step="Set KUBECONFIG, or the platform's kubeconfig and context, or run Backout in the cluster.",
        ) from error
    return client.ApiClient(configuration)


def _remedy(status: int | None) -> str:
    if status in (401, 403):
        return "Give Backout's service account the rights it needs in this namespace."
    return "Look at the API server."
