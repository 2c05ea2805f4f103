"""How files are written and read: whole or not at all, under private names, and by one process at a time.

The names that this package exports are for all plugins that read or write files.
Everything is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy_names import import_on_use

if TYPE_CHECKING:  # the one list of the public names, see `import_on_use`
    from harness.files.atomic import NO_ROOM as NO_ROOM
    from harness.files.atomic import is_full as is_full
    from harness.files.atomic import private_name as private_name
    from harness.files.atomic import remove_leftovers as remove_leftovers
    from harness.files.atomic import replacing as replacing
    from harness.files.atomic import write_atomically as write_atomically
    from harness.files.generated_data import MARKER as MARKER
    from harness.files.generated_data import GeneratedData as GeneratedData
    from harness.files.generated_data import find_generated as find_generated
    from harness.files.generated_data import mark_generated as mark_generated
    from harness.files.locks import alone as alone
    from harness.files.locks import try_alone as try_alone
    from harness.files.npz import DamagedArrays as DamagedArrays
    from harness.files.npz import read_npz as read_npz
    from harness.files.npz import write_npz as write_npz
    from harness.files.regular_files import read_text as read_text
    from harness.files.strict import Strict as Strict
    from harness.files.validation import validate as validate
    from harness.files.yaml_files import check_yaml as check_yaml
    from harness.files.yaml_files import compose_yaml as compose_yaml
    from harness.files.yaml_files import load_yaml as load_yaml

if not TYPE_CHECKING:  # a type checker would take a misspelt name, too, for one that is found here
    __getattr__ = import_on_use(__name__)
