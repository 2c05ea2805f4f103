"""Prompt injection: instructions in what a model reads, and agents with scripted tools."""
