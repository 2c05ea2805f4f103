import sys
from pathlib import Path

import pytest

from harness.names.registry import Registry
from harness.tasks.build_metric import build_metric

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def registry():
    return Registry()


@pytest.fixture(scope="session")
def metric(registry):
    """The estimate of a metric by name."""

    def compute(name, columns, **options):
        return build_metric(registry, name).compute(columns, **options)

    return compute
