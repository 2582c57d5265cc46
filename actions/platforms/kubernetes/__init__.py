"""Kubernetes, through its official client: the one room that names it.

Objects travel as the API's own JSON. Whatever is not spelled out here is passed on as it came, so a field that is newer
than this code is never lost. Every write is a patch that carries the resource version it was decided on.
"""

from actions.platforms.kubernetes.connecting import Cluster, connect
from actions.platforms.kubernetes.facts import ClusterFacts, look_at

__all__ = ["Cluster", "ClusterFacts", "connect", "look_at"]
