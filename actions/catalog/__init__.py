"""What can be taken back, where it lives, and by which rules: YAML to typed, frozen values."""

from actions.catalog.catalog import Catalog
from actions.catalog.envref import EnvRef
from actions.catalog.loading import load_catalog
from actions.catalog.policy import Policy
from actions.catalog.problems import CatalogError, Problem
from actions.catalog.risk import Environment, Risk
from actions.catalog.service import Service

__all__ = ["Catalog", "CatalogError", "EnvRef", "Environment", "Policy", "Problem", "Risk", "Service", "load_catalog"]
