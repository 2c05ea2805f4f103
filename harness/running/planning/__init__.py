"""From an evaluation's request to its plan: everything that is wrong with the request is found here, before any work.

`harness.running.planning.checks` lists the steps in their order. Each is a generator of problems over one draft.
"""

from harness.running.planning.make_plan import make_plan

__all__ = ["make_plan"]
