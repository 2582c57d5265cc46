"""How things look in Slack: domain values in, messages and views out. Pure; nothing here calls anybody.

`limits.py` is the one place that knows what Slack accepts; `buttons.py` has every name that comes back from it.
"""
