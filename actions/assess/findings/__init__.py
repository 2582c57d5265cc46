"""Reasons to worry, one small file per family. Each turns evidence into findings and reads nothing itself.

A finding's code is its family's two letters and a number; it never changes its meaning. docs/findings.md is made
from the docstrings in here.
"""
