"""One evaluation: the plan, the client through which models are asked, and the run of each cell.

What this package exports is for tools of plugins that ask models themselves, and for models that render chats.
Everything is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy_names import import_on_use

if TYPE_CHECKING:  # the one list of the public names, see `import_on_use`
    from harness.running.chat_templates import TemplateBounds as TemplateBounds
    from harness.running.chat_templates import render_chat as render_chat
    from harness.running.chunking import chunks as chunks
    from harness.running.chunking import count_items as count_items
    from harness.running.client import ModelClient as ModelClient
    from harness.running.executors import LocalExecutor as LocalExecutor
    from harness.running.rounds import in_rounds as in_rounds
    from harness.running.runner import Runner as Runner
    from harness.running.stages import stage_requests as stage_requests
    from harness.running.table import OVERALL as OVERALL
    from harness.running.table import Table as Table
    from harness.running.table import table_of_cell as table_of_cell

if not TYPE_CHECKING:  # a type checker would take a misspelt name, too, for one that is found here
    __getattr__ = import_on_use(__name__)
