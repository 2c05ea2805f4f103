"""From what a user names to what is loaded: arguments, registered facts, registry, plugins, models.

What this package exports is for tools of plugins that name models themselves, such as commands and sources of tasks.
Everything is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy_names import import_on_use

if TYPE_CHECKING:  # the one list of the public names, see `import_on_use`
    from harness.names.adapters import Adapters as Adapters
    from harness.names.arguments import check_arguments as check_arguments
    from harness.names.arguments import parse_arguments as parse_arguments
    from harness.names.arguments import parse_checked as parse_checked
    from harness.names.handles import ReadyModel as ReadyModel
    from harness.names.plugins import describe as describe
    from harness.names.plugins import import_attribute as import_attribute
    from harness.names.registry import Capabilities as Capabilities
    from harness.names.registry import Registration as Registration
    from harness.names.resolving import resolve_model as resolve_model
    from harness.names.specification import parse_specification as parse_specification
    from harness.names.specification import written as written
    from harness.names.specification import written_list as written_list

if not TYPE_CHECKING:  # a type checker would take a misspelt name, too, for one that is found here
    __getattr__ = import_on_use(__name__)
