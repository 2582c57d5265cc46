"""Measurements of what we promise. Each module here has `run(arguments)`: it prints a table and returns numbers."""
