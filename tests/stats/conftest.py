import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # for scored_sets.py and battle_fields.py

# How long an example takes is the machine's affair.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")
