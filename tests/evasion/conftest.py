import os
from pathlib import Path

import pytest

from harness.names.registry import Registry


@pytest.fixture(scope="session")
def registry():
    return Registry()


@pytest.fixture
def moderation():
    """Real prompts; a test that needs them is skipped where there are none."""
    folder = os.environ.get("HARNESS_DATA")
    path = Path(folder or "") / "safety" / "moderation-api-release" / "samples-1680.jsonl.gz"
    if not folder or not path.is_file():
        pytest.skip("OpenAI's moderation set is not here: set HARNESS_DATA to a folder that holds safety/")
    return path
