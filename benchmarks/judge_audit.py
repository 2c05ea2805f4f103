"""How often an audit flags a fair judge, and how often its intervals hold the fault of one that is not.

Run: python benchmarks/judge_audit.py [--judges 1000] [--quick] [--json]

Every judge is simulated on the made-up pairs (`judge-audit/made-up`), each individual with draws of its own, and asked
three times; no store is used.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from harness_plugins.judge_audit.asking import read_set
from harness_plugins.judge_audit.audit import AuditedSet, audited_set, put_flags
from harness_plugins.judge_audit.corrections import sigmoid
from harness_plugins.judge_audit.judged import AuditPair, judged
from harness_plugins.judge_audit.simulated import SimulatedJudge

from harness import Registry

TASK, REPEATS = "judge-audit/made-up", 3
FAIR: Mapping[str, Mapping[str, Any]] = {
    "skill 4": {},
    "skill 3": {"skill": 3.0},
    "one tie in ten": {"ties": 0.1},
    "one toss in twenty": {"inconsistency": 0.05},
    "unread 1 %": {"unread": 0.01},
    "probabilities": {"soft": True},
}
FAULTS: Mapping[str, Mapping[str, Any]] = {
    "position 1.5": {"position": 1.5},
    "position -0.5": {"position": -0.5},
    "length 1 a doubling": {"length": 1.0},
    "length -0.3 a doubling": {"length": -0.3},
    "lists 2": {"lists": 2.0},
    "markdown -1": {"markdown": -1.0},
    "30 % tosses": {"inconsistency": 0.3},
    "10 % unread": {"unread": 0.1},
}


def audit(pairs: Sequence[AuditPair], faults: Mapping[str, Any], individual: int) -> tuple[AuditedSet, list[str]]:
    """Audit one simulated judge; return its figures, and the keys of those that are flagged."""
    answers = [SimulatedJudge(individual=individual, **faults).compare(pair.requests) for pair in pairs]
    firsts = [pair.requests[0] for pair in pairs]
    again = [SimulatedJudge(individual=individual, seed=k, **faults).compare(firsts) for k in range(1, REPEATS)]
    audited = audited_set(TASK, judged(pairs, answers, again), generated=True)
    return audited, [figure.key for _, figure in put_flags([audited])]


def truths(pairs: Sequence[AuditPair], faults: Mapping[str, Any]) -> dict[str, float]:
    """Return what the figures would be of infinitely many such judges."""
    judge = SimulatedJudge(**faults)
    toss = faults.get("inconsistency", 0.0)
    plain = np.mean([sigmoid(judge.log_odds(request)) for pair in pairs for request in pair.requests])
    rate = (1 - toss) * plain + toss / 2
    found = {"first_position_rate": rate, "position_gap": 2 * rate - 1}
    found |= {"unread_rate": faults.get("unread", 0.0), "self_consistency": 1 - (1 - (1 - toss) ** 2) / 2}
    if not toss:  # tosses pull all effects towards 0
        names = ("position", "length", "lists", "markdown")
        found |= {f"{name}_effect": faults.get(name, 0.0) for name in names}
    return found


def main() -> None:
    """Simulate, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judges", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="60 judges each")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    judges = 60 if arguments.quick else arguments.judges
    pairs = read_set(Registry(), TASK).pairs
    started = time.perf_counter()
    rows: dict[str, Any] = {}
    for name, faults in FAIR.items():
        flagged = [audit(pairs, faults, individual)[1] for individual in range(judges)]
        counts = Counter(key for keys in flagged for key in keys)
        share = float(np.mean([bool(keys) for keys in flagged]))
        rows[f"fair, {name}"] = {
            "flagged": share,
            "standard_error": math.sqrt(share * (1 - share) / judges),
            "for": dict(counts),
        }
    for name, faults in FAULTS.items():
        true, held, flags = truths(pairs, faults), Counter[str](), Counter[str]()
        for individual in range(judges):
            audited, keys = audit(pairs, faults, individual)
            flags.update(keys)
            for figure in audited.figures:
                if figure.key in true:
                    held[figure.key] += int(figure.low <= true[figure.key] <= figure.high)
        rows[name] = {
            "interval holds": {key: held[key] / judges for key in true},
            "flagged for": {key: count / judges for key, count in flags.items()},
        }
    rows["judges each"], rows["seconds"] = judges, round(time.perf_counter() - started, 1)
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    for name, row in rows.items():
        print(f"{name}: {row}")


if __name__ == "__main__":
    main()
