"""What is made of results on file: selection, merging, comparison, and how numbers are shown.

What this package exports is for publishers, analyses and commands of plugins.
Everything is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy_names import import_on_use

if TYPE_CHECKING:  # the one list of the public names, see `import_on_use`
    from harness.results.aggregate import mean as mean
    from harness.results.comparison import CONFIDENCE as CONFIDENCE
    from harness.results.comparison import Comparison as Comparison
    from harness.results.comparison import Linearisations as Linearisations
    from harness.results.comparison import compare_cells as compare_cells
    from harness.results.comparison import compare_rows as compare_rows
    from harness.results.comparison import shared_rows as shared_rows
    from harness.results.drawn_pictures import MOST_MODELS as MOST_MODELS
    from harness.results.drawn_pictures import Drawing as Drawing
    from harness.results.drawn_pictures import drawings as drawings
    from harness.results.drawn_pictures import no_picture as no_picture
    from harness.results.drawn_pictures import thinned as thinned
    from harness.results.failed import without_folders as without_folders
    from harness.results.field import figures_of as figures_of
    from harness.results.field import means_of as means_of
    from harness.results.field import on_common_items as on_common_items
    from harness.results.generated import say_generated as say_generated
    from harness.results.numbers import NO_FIGURE as NO_FIGURE
    from harness.results.numbers import bounds as bounds
    from harness.results.numbers import chance_text as chance_text
    from harness.results.numbers import figure as figure
    from harness.results.numbers import level_of as level_of
    from harness.results.numbers import other_level as other_level
    from harness.results.numbers import p_value as p_value
    from harness.results.numbers import percent as percent
    from harness.results.numbers import plain_table as plain_table
    from harness.results.numbers import visible as visible
    from harness.results.published import read_published as read_published
    from harness.results.result_notes import a_bound as a_bound
    from harness.results.stores import existing_store_path as existing_store_path
    from harness.results.stores import models_folder as models_folder
    from harness.results.stores import store_path as store_path
    from harness.results.terminal_tables import say_table as say_table
    from harness.results.verdicts import verdict as verdict

if not TYPE_CHECKING:  # a type checker would take a misspelt name, too, for one that is found here
    __getattr__ = import_on_use(__name__)
