"""Is it as it should be? Pages, queries, commands, files and revisions, as the catalog asks for them."""
