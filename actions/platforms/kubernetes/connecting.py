"""Which cluster, and how its API server is reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actions.errors import UnavailableError
from actions.redaction import redact


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """Which cluster and where in it. Without a kubeconfig: the pod's own service account, else the user's default."""

    namespace: str
    context: str | None = None
    kubeconfig: Path | None = None


def connect(cluster: Cluster, environ: Mapping[str, str]) -> Any:
    """A client of its own for this cluster; nothing global is changed. Reads tokens and certificates anew."""
    from kubernetes import client, config
    from yaml import YAMLError

    # The client's own types stop short of these two.
    load_in_cluster: Any = config.load_incluster_config
    load_file: Any = config.load_kube_config
    configuration = client.Configuration()
    # Trying again is decided where it is known whether that is safe.
    configuration.retries = False
    try:
        if cluster.kubeconfig is None and cluster.context is None and not environ.get("KUBECONFIG"):
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
