"""Evaluate anything that scores, judges, embeds, detects, routes or generates, with honest error bars.

Everything here is imported on first use, so that ``import harness`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.lazy_names import import_on_use

if TYPE_CHECKING:
    # The one list of the public names, a line each: type checkers read it as it stands, see `import_on_use`.
    from harness.adapters import Adapter as Adapter
    from harness.adapters import Unsuitable as Unsuitable
    from harness.api import build_leaderboard as build_leaderboard
    from harness.api import build_site as build_site
    from harness.api import compare as compare
    from harness.api import correlate as correlate
    from harness.api import evaluate as evaluate
    from harness.api import figures as figures
    from harness.api import forget as forget
    from harness.api import publish as publish
    from harness.api import train as train
    from harness.array_values import NamedArrays as NamedArrays
    from harness.array_values import arrays_inside as arrays_inside
    from harness.array_values import is_array as is_array
    from harness.array_values import shown_array as shown_array
    from harness.array_values import shown_value as shown_value
    from harness.capabilities import Capability as Capability
    from harness.capabilities import Expectation as Expectation
    from harness.capabilities import SampleRequests as SampleRequests
    from harness.capabilities.answer_checks import ROUNDING as ROUNDING
    from harness.capabilities.steering import SteeredGeneration as SteeredGeneration
    from harness.capabilities.steering import Steering as Steering
    from harness.encoding import encodable as encodable
    from harness.encoding import whole_characters as whole_characters
    from harness.errors import BadValue as BadValue
    from harness.errors import CellError as CellError
    from harness.errors import ConfigurationError as ConfigurationError
    from harness.errors import DataError as DataError
    from harness.errors import HarnessError as HarnessError
    from harness.errors import UsageError as UsageError
    from harness.files import write_atomically as write_atomically
    from harness.files.digests import file_identity as file_identity
    from harness.following import read_out as read_out
    from harness.hooks import Register as Register
    from harness.hooks import hookimpl as hookimpl
    from harness.metric import Columns as Columns
    from harness.metric import FloatArray as FloatArray
    from harness.metric import MeanMetric as MeanMetric
    from harness.metric import Metric as Metric
    from harness.metric import mean_metric as mean_metric
    from harness.model import Model as Model
    from harness.model import Part as Part
    from harness.names.registry import Registry as Registry
    from harness.pictures import Matrix as Matrix
    from harness.pictures import Picture as Picture
    from harness.pictures import Series as Series
    from harness.progress import ProgressReporter as ProgressReporter
    from harness.progress import TerminalProgress as TerminalProgress
    from harness.publisher import THEME as THEME
    from harness.publisher import Analysis as Analysis
    from harness.publisher import Edition as Edition
    from harness.publisher import OutcomeFile as OutcomeFile
    from harness.publisher import Publisher as Publisher
    from harness.publisher import Section as Section
    from harness.publisher import UnclearColumn as UnclearColumn
    from harness.ranges import ANY as ANY
    from harness.ranges import COUNT as COUNT
    from harness.ranges import COUNT_OR_NONE as COUNT_OR_NONE
    from harness.ranges import INSIDE as INSIDE
    from harness.ranges import SEED as SEED
    from harness.ranges import SHARE as SHARE
    from harness.ranges import OneOf as OneOf
    from harness.ranges import Range as Range
    from harness.requests import VERDICT_LABELS as VERDICT_LABELS
    from harness.requests import Candidates as Candidates
    from harness.requests import Choice as Choice
    from harness.requests import Completion as Completion
    from harness.requests import Continuation as Continuation
    from harness.requests import Conversation as Conversation
    from harness.requests import Failure as Failure
    from harness.requests import Generation as Generation
    from harness.requests import Likelihood as Likelihood
    from harness.requests import LinearReadout as LinearReadout
    from harness.requests import Message as Message
    from harness.requests import Origin as Origin
    from harness.requests import Pair as Pair
    from harness.requests import Query as Query
    from harness.requests import Readout as Readout
    from harness.requests import Request as Request
    from harness.requests import Response as Response
    from harness.requests import Sampling as Sampling
    from harness.requests import Text as Text
    from harness.requests import Verdict as Verdict
    from harness.results.field import Field as Field
    from harness.results.field import FieldColumns as FieldColumns
    from harness.results.field import NotDefined as NotDefined
    from harness.stats import Estimate as Estimate
    from harness.stats import Linearised as Linearised
    from harness.task import Answers as Answers
    from harness.task import BadItem as BadItem
    from harness.task import DataPart as DataPart
    from harness.task import Definition as Definition
    from harness.task import FieldSpec as FieldSpec
    from harness.task import Item as Item
    from harness.task import ItemFigures as ItemFigures
    from harness.task import Judged as Judged
    from harness.task import ResponseMark as ResponseMark
    from harness.task import Stage as Stage
    from harness.task import Task as Task
    from harness.task import Told as Told
    from harness.tasks.library import SourcedTask as SourcedTask
    from harness.tasks.library import TaskSource as TaskSource
    from harness.terminal import say as say
    from harness.trainer import Ask as Ask
    from harness.trainer import Progress as Progress
    from harness.trainer import Trainer as Trainer
    from harness.trainer import TrainingData as TrainingData

if not TYPE_CHECKING:  # a type checker would take a misspelt name, too, for one that is found here
    __getattr__ = import_on_use(__name__)
