"""lm-eval's own command line, in which ``--model harness`` names a model of harness."""

from __future__ import annotations

import sys


def main() -> int:
    """Register the model, then hand over to lm-eval; an error is told in one line."""
    from harness import HarnessError, say

    try:
        from lm_eval.__main__ import cli_evaluate
    except ImportError as error:
        say(f"lm-eval is needed (pip install lm_eval): {error}", err=True)
        return 2
    from . import language_model  # noqa: F401  registers the name

    try:
        cli_evaluate()
    except HarnessError as error:
        say(f"harness: {error}", err=True)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
