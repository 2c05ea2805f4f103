"""What can be asked of a model: the interface `Capability`, and those of the core, a constant each.

The requests and responses themselves lie in `harness.requests`; import them from `harness`.
"""

from typing import TYPE_CHECKING, Any

from harness.capabilities.capability import Capability as Capability
from harness.capabilities.capability import Expectation as Expectation
from harness.capabilities.capability import SampleRequests as SampleRequests
from harness.capabilities.core import *  # noqa: F403 - the constants, each named once, where it is defined

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Find requests and responses, which lay here once, for plugins that import them from here."""
        from harness import requests

        if name.startswith("_") or not hasattr(requests, name):
            raise AttributeError(f"module 'harness.capabilities' has no attribute {name!r}")
        return getattr(requests, name)
