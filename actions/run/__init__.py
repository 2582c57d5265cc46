"""The durable run: a plan is carried out step by step, once, by whoever lives; or undone; or left to a person."""
