"""Insecure code that a model writes, found by bandit."""
