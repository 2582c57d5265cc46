"""What the statements of a migration mean, read from their text. Pure; knows the words of PostgreSQL and no database.

Start at `reading.statements_in`.
"""
