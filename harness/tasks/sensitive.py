"""Which tasks are sensitive: their texts are on no page unless somebody asks for them."""

from __future__ import annotations

from harness.errors import UnknownName
from harness.names.registry import Registry
from harness.tasks.build import build_task

HIDDEN = "The texts of this task are sensitive, and hidden; --show-sensitive shows them."
"""What pages say where texts would stand."""
HIDDEN_REASON = "hidden: the reason may hold texts of a sensitive task (--show-sensitive shows it)"
"""What stands for why a request failed, which may quote what was asked or answered."""


def is_sensitive(registry: Registry, task: str) -> bool:
    """Return whether a task says that its texts are sensitive, as it is defined now; False for one that is gone.

    A task that cannot be made says nothing, and might be sensitive: it is taken to be.
    """
    try:
        return build_task(registry, task).definition.sensitive
    except UnknownName:
        return False
    except Exception:  # a broken file, or the code of any plugin
        return True
