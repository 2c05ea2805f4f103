"""Rows: where they come from, what their values are, and how columns become the fields of an item."""
