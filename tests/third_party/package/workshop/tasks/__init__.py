"""The task files of this package."""
