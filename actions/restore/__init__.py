"""From a backup back to a database: proven, beside, swapped."""
