"""The Web API: one file per family of methods, one table that says what each needs."""
