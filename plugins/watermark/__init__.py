"""Watermarks of generated text: marking, detection with exact p-values, attacks on them."""
