"""Logs of red-teaming tools, read as recorded prompts, replies and labels."""
