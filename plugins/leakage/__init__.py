"""Leakage: system prompts, canaries, memorised texts."""
