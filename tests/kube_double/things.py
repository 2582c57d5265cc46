"""Objects as their owners would write them."""

from typing import Any

from tests.kube_double.store import Json


def pod_template(name: str, image: str, **container: Any) -> Json:
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": name, "image": image, **container}]},
    }  # fmt: skip


def deployment(
    name: str, image: str = "api:1", *, replicas: int = 2, meta: Json | None = None, **container: Any
) -> Json:
    return {
        "kind": "Deployment", "metadata": {"name": name, **(meta or {})},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": pod_template(name, image, **container)},
    }  # fmt: skip


def stateful_set(name: str, image: str = "api:1", *, replicas: int = 2) -> Json:
    return {**deployment(name, image, replicas=replicas), "kind": "StatefulSet"}


def cronjob(name: str, image: str = "api:1", *, command: tuple[str, ...] = (), suspend: bool = False) -> Json:
    template = pod_template(name, image, **({"command": list(command)} if command else {}))
    template["spec"]["restartPolicy"] = "Never"
    job = {"backoffLimit": 0, "template": template}
    return {
        "kind": "CronJob", "metadata": {"name": name},
        "spec": {"schedule": "0 * * * *", "suspend": suspend, "jobTemplate": {"spec": job}},
    }  # fmt: skip


def autoscaler(name: str, *, target: str, low: int = 2, high: int = 5, behavior: Json | None = None) -> Json:
    spec = {
        "scaleTargetRef": {"kind": "Deployment", "name": target, "apiVersion": "apps/v1"},
        "minReplicas": low,
        "maxReplicas": high,
    }
    return {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {**spec, **({"behavior": behavior} if behavior else {})},
    }


def quota(**hard: str) -> Json:
    return {"kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": {"hard": hard}}
