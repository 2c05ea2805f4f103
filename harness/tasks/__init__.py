"""From task files to tasks: schema, index, libraries, and the data that tasks read.

What this package exports is for plugins that make tasks, or read data as tasks do: importers and sources of tasks.
Everything is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy_names import import_on_use

if TYPE_CHECKING:  # the one list of the public names, see `import_on_use`
    from harness.tasks.build import build_task as build_task
    from harness.tasks.build import task_digest as task_digest
    from harness.tasks.build_metric import metric_of as metric_of
    from harness.tasks.data.field_mapping import ColumnReader as ColumnReader
    from harness.tasks.data.field_mapping import ReadRow as ReadRow
    from harness.tasks.data.field_mapping import shorten as shorten
    from harness.tasks.data.hub_copies import hub_source as hub_source
    from harness.tasks.data.rows import DataRow as DataRow
    from harness.tasks.data.sources import MIRROR_VARIABLE as MIRROR_VARIABLE
    from harness.tasks.data.sources import FileSource as FileSource
    from harness.tasks.data.values import find_same as find_same
    from harness.tasks.schema import AggregateFile as AggregateFile
    from harness.tasks.schema import BenchmarkFile as BenchmarkFile
    from harness.tasks.sensitive import HIDDEN as HIDDEN
    from harness.tasks.sensitive import HIDDEN_REASON as HIDDEN_REASON
    from harness.tasks.sensitive import is_sensitive as is_sensitive

if not TYPE_CHECKING:  # a type checker would take a misspelt name, too, for one that is found here
    __getattr__ = import_on_use(__name__)
