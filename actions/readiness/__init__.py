"""Is everything there that a rollback of this service would need? Questions, each with an honest answer."""
