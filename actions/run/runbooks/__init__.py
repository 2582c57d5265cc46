"""Runbooks that a team declares: from the catalog to a plan that the durable run carries out, and what people see of it."""
