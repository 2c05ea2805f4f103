"""Firewalls: a chat model between detectors and a policy, and what it costs."""
