"""Telling people what happens, from the history alone.

What should be there is worked out from the record (`wanted.py`, pure), held against what is there (`actions.history.
announcements`), and the difference is sent (`teller.py`), as Slack allows (`pacing.py`). So a restart, a second replica, an
outage of Slack and a lost answer all end the same way: each message is there once, and shows the truth.
"""
