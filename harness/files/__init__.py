"""How files come to be: whole or not at all, under private names, and one process at a time."""

from harness.files.atomic import NO_ROOM, is_full, private_name, remove_leftovers, replacing, write_atomically
from harness.files.locks import alone, try_alone

__all__ = [
    "NO_ROOM",
    "alone",
    "is_full",
    "private_name",
    "remove_leftovers",
    "replacing",
    "try_alone",
    "write_atomically",
]
