"""Copies of a database: how they are made, proven and kept."""
