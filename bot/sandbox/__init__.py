"""A Slack on this machine: what the demo shows, and what every test of the bot talks to. See README.md beside this."""

from bot.sandbox.sandbox import Sandbox
from bot.sandbox.seed import Channel, Group, Guest, Person, Seed, small_company

__all__ = ["Channel", "Group", "Guest", "Person", "Sandbox", "Seed", "small_company"]
