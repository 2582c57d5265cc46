"""What a namespace that enforces the `restricted` pod security standard refuses: the part of it that Jobs come by."""

from tests.kube_double.store import ApiError, Json

_PROFILES = ("RuntimeDefault", "Localhost")


def refuse_insecure(pod: Json) -> None:
    spec, found = pod["spec"], list[str]()
    whole = spec.get("securityContext") or {}
    for container in (*spec.get("initContainers", ()), *spec["containers"]):
        name, own = container["name"], container.get("securityContext") or {}
        if own.get("allowPrivilegeEscalation") is not False:
            found.append(
                "allowPrivilegeEscalation != false "
                f'(container "{name}" must set securityContext.allowPrivilegeEscalation=false)'
            )
        if "ALL" not in (own.get("capabilities") or {}).get("drop", ()):
            found.append(
                f'unrestricted capabilities (container "{name}" must set securityContext.capabilities.drop=["ALL"])'
            )
        if not own.get("runAsNonRoot", whole.get("runAsNonRoot")):
            found.append(f'runAsNonRoot != true (pod or container "{name}" must set securityContext.runAsNonRoot=true)')
        if (own.get("seccompProfile") or whole.get("seccompProfile") or {}).get("type") not in _PROFILES:
            found.append(
                f'seccompProfile (pod or container "{name}" must set securityContext.seccompProfile.type to '
                '"RuntimeDefault" or "Localhost")'
            )
    if found:
        name = pod["metadata"].get("name", "x")
        words = f'pods "{name}" is forbidden: violates PodSecurity "restricted:latest": {", ".join(found)}'
        raise ApiError(403, "Forbidden", words)
