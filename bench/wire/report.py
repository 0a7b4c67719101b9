#!/usr/bin/env python3
"""report.py RESULTS FIRST [JSON]: the table of bench/wire.

RESULTS has lines of round, contender, metric and value, by tabs. A cell is the median over rounds, and the median of its ratio to
the contender FIRST in the same round; what was disturbed in one round was disturbed for both.
"""
import json
import statistics
import sys

results, first = sys.argv[1:3]
values, contenders, metrics = {}, [], []
for line in open(results, encoding="ascii"):
    turn, contender, metric, value = line.rstrip("\n").split("\t")
    values.setdefault((metric, contender), {})[turn] = float(value)
    for seen, name in ((contenders, contender), (metrics, metric)):
        if name not in seen:
            seen.append(name)
contenders.sort(key=lambda name: name != first)


def cell(metric, contender):
    """The median of the rounds, and that of the ratios to the first contender where it has them."""
    rounds = values.get((metric, contender))
    if not rounds:
        return "–"
    median = statistics.median(rounds.values())
    base = values.get((metric, first), {})
    ratios = [rounds[turn] / base[turn] for turn in rounds if base.get(turn)]
    return f"{median:g}" + (f" ({statistics.median(ratios):.2f})" if ratios and contender != first else "")


print("| | " + " | ".join(contenders) + " |")
print("|---" * (len(contenders) + 1) + "|")
for metric in metrics:
    print(f"| {metric} | " + " | ".join(cell(metric, contender) for contender in contenders) + " |")
if len(sys.argv) > 3:
    records = [
        {"metric": metric, "contender": contender, "rounds": list(rounds.values())}
        for (metric, contender), rounds in values.items()
    ]
    with open(sys.argv[3], "w", encoding="ascii") as out:
        json.dump(records, out, indent=1)
