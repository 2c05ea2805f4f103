"""The command line, with one file for each command; a command is imported when it is called.

The names that this package exports are for commands of plugins: the options that all commands share.
Everything is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy_names import import_on_use

if TYPE_CHECKING:  # the one list of the public names, see `import_on_use`
    from harness.cli.options import SEED as SEED
    from harness.cli.options import Finite as Finite
    from harness.cli.options import json_option as json_option
    from harness.cli.options import model_options as model_options
    from harness.cli.options import open_registry as open_registry
    from harness.cli.options import print_json as print_json
    from harness.cli.options import registry_options as registry_options
    from harness.cli.options import store_option as store_option
    from harness.cli.options import table_options as table_options

if not TYPE_CHECKING:  # a type checker would take a misspelt name, too, for one that is found here
    __getattr__ = import_on_use(__name__)
