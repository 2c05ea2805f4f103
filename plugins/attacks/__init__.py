"""Attacks: any task's goals in templates, encodings and conversations, and an attacker that adapts."""
