"""The catalog as a whole, and the form of one of its files."""

from collections.abc import Mapping

from pydantic import Field

from actions.catalog.entry import Entry
from actions.catalog.people import Approvers, Team
from actions.catalog.policy import Policy
from actions.catalog.problems import did_you_mean
from actions.catalog.runbooks import Runbook
from actions.catalog.service import Service
from actions.catalog.stores import BucketStore, FolderStore, Store
from actions.catalog.values import Name
from actions.catalog.wording import listed, shown
from actions.errors import ConfigurationError


class CatalogFile(Entry):
    """One file of the catalog. Keys that begin with `x-` are left alone; anchors may live there."""

    teams: dict[Name, Team] = Field(default_factory=dict, description="People who are referred to by a name.")
    stores: dict[Name, Store] = Field(default_factory=dict, description="Where backups are kept.")
    policies: dict[Name, Policy] = Field(default_factory=dict, description="Rules that several services share.")
    runbooks: dict[Name, Runbook] = Field(default_factory=dict, description="Runbooks that several services share.")
    services: dict[Name, Service] = Field(default_factory=dict, description="What can be taken back, by name.")


class Catalog(Entry):
    """Everything that can be taken back, and by which rules."""

    services: Mapping[str, Service] = Field(description="What can be taken back, by name.")
    stores: Mapping[str, FolderStore | BucketStore] = Field(default_factory=dict, description="Where backups are kept.")
    teams: Mapping[str, Approvers] = Field(default_factory=dict, description="People who are referred to by a name.")
    policies: Mapping[str, Policy] = Field(
        default_factory=dict, description="Shared rules as written; a service's own `policy` is complete."
    )
    runbooks: Mapping[str, Runbook] = Field(default_factory=dict, description="Runbooks that several services share.")

    def service(self, name: str) -> Service:
        """The service of that name; an unknown one is refused with the nearest known name."""
        if name in self.services:
            return self.services[name]
        hint = did_you_mean(name, self.services) or f"Known: {listed(sorted(self.services))}."
        raise ConfigurationError(f"There is no service {shown(name)} in the catalog.", next_step=hint)
