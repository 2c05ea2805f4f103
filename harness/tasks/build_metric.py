"""Makes a metric from its name, and checks whether a task has the columns that the metric reads."""

from __future__ import annotations

from harness.errors import UsageError
from harness.metric import Metric
from harness.names.arguments import check_arguments
from harness.names.plugins import describe, plugin_code
from harness.names.registry import Registry
from harness.names.specification import parse_specification
from harness.task import Task


def metric_of(registry: Registry, task: Task, text: str) -> Metric:
    """Return the metric that the task itself defines under a name, else the registered one.

    Raises:
        UsageError: there is neither, or an argument is unknown.
    """
    with plugin_code(f"{task.name}: own_metric()"):
        metric = task.own_metric(text)
    return build_metric(registry, text) if metric is None else metric


def build_metric(registry: Registry, text: str) -> Metric:
    """Make the metric that ``name`` or ``name:key=value`` names.

    Raises:
        UsageError: the name or an argument is unknown, or the metric refuses an argument.
    """
    specification = parse_specification(text)
    kind: type[Metric] = registry.find("metric", specification.name).load()
    arguments = check_arguments(f"metric {specification.name!r}", kind, specification.arguments)
    try:
        metric = kind(**arguments)
    except ValueError as error:  # the metric refuses an argument
        raise UsageError(f"metric {text!r} cannot be made: {error}") from error
    except (Exception, SystemExit) as error:  # a plugin's code
        raise UsageError(f"metric {text!r} cannot be made: {describe(error)}") from error
    metric.name = text
    return metric


def check_columns(metric: Metric, task: Task) -> None:
    """Check that a task has the columns that a metric reads.

    Raises:
        UsageError: a column is lacking.
    """
    lacking = [name for name in metric.needs if name not in task.columns]
    if lacking:
        gone = "keeps only until settle()" if set(lacking) <= set(task.interim) else "does not give"
        raise UsageError(
            f"the metric {metric.name} needs {', '.join(lacking)}, which the task {task.name} {gone}; "
            f"it gives: {', '.join(task.columns)}"
        )
