"""What a downgrade, and the upgrade after it, really did to the rows: two databases of one lineage, compared.

`reference` compares, `verdicts` decides (pure), `outcomes` are the values in between: counts and names, never rows.
"""
