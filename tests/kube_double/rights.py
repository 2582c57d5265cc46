"""Who may do what: Roles and RoleBindings as they were applied, nothing more."""

from typing import Any

from tests.kube_double.store import Json, Store


def may(store: Store, user: str, namespace: str, *, verb: str, group: str, resource: str, name: str | None) -> bool:
    if user == "admin":
        return True
    for binding in store.all("RoleBinding", namespace):
        if any(_is(subject, user, namespace) for subject in binding.get("subjects", ())):
            role = store.find("Role", namespace, binding["roleRef"]["name"])
            if role and any(_allows(rule, verb, group, resource, name) for rule in role.get("rules", ())):
                return True
    return False


def _is(subject: Json, user: str, namespace: str) -> bool:
    if subject["kind"] == "ServiceAccount":
        return user == f"system:serviceaccount:{subject.get('namespace', namespace)}:{subject['name']}"
    return subject["kind"] == "User" and user == subject["name"]


def _allows(rule: dict[str, Any], verb: str, group: str, resource: str, name: str | None) -> bool:
    def has(field: str, wanted: str) -> bool:
        return wanted in rule.get(field, ()) or "*" in rule.get(field, ())

    names = rule.get("resourceNames")
    return (
        has("verbs", verb) and has("apiGroups", group) and has("resources", resource) and (not names or name in names)
    )
