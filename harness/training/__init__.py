"""One training: fitting, cross-fitting, and the parting of items into folds.

What this package exports is for tools of plugins that train models.
Everything is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy_names import import_on_use

if TYPE_CHECKING:  # the one list of the public names, see `import_on_use`
    from harness.training.fit import train_missing as train_missing
    from harness.training.folds import fold_numbers as fold_numbers

if not TYPE_CHECKING:  # a type checker would take a misspelt name, too, for one that is found here
    __getattr__ = import_on_use(__name__)
