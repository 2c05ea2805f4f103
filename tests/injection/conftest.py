import os
from pathlib import Path

import pytest

from harness.names.registry import Registry


@pytest.fixture(scope="session")
def registry():
    return Registry()


@pytest.fixture(scope="session")
def safety():
    """The folder of safety data sets; a test that needs it is skipped where there is none."""
    folder = os.environ.get("HARNESS_DATA")
    if not folder or not (Path(folder) / "safety").is_dir():
        pytest.skip("the safety data sets are not here: set HARNESS_DATA to a folder that holds safety/")
    return Path(folder) / "safety"
