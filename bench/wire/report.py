#!/usr/bin/env python3
"""report.py RESULTS FIRST [JSON]: the table of bench/wire, and its records as of every bench.

RESULTS has lines of round, contender, metric ("NAME, UNIT") and value, by tabs. A cell is minimum / median / maximum over the rounds and, in
brackets, the median of the ratio to the contender FIRST in the same round: what disturbed a round disturbed both.
"""
import json
import statistics
import sys

results, first = sys.argv[1:3]
values, contenders, metrics = {}, [first], []
for line in open(results, encoding="ascii"):
    turn, contender, metric, value = line.rstrip("\n").split("\t")
    values.setdefault((metric, contender), {})[turn] = float(value)
    for seen, name in ((contenders, contender), (metrics, metric)):
        if name not in seen:
            seen.append(name)


def record(metric, contender):
    """None where the contender has not that metric."""
    rounds = values.get((metric, contender))
    if not rounds:
        return None
    base = values.get((metric, first), {})
    ratios = [rounds[turn] / base[turn] for turn in rounds if base.get(turn)]
    name, _, unit = metric.rpartition(", ")
    return {
        "bench": "wire", "name": name, "variant": contender, "unit": unit,
        "min": min(rounds.values()), "median": statistics.median(rounds.values()), "max": max(rounds.values()),
        "ratio": round(statistics.median(ratios), 3) if ratios else None,
    }


def cell(entry):
    if entry is None:
        return "–"
    text = f"{entry['min']:g} / {entry['median']:g} / {entry['max']:g}"
    return text + (f" ({entry['ratio']:.2f})" if entry["ratio"] and entry["variant"] != first else "")


records = {(metric, contender): record(metric, contender) for metric in metrics for contender in contenders}
print("| | " + " | ".join(contenders) + " |")
print("|---" * (len(contenders) + 1) + "|")
for metric in metrics:
    print(f"| {metric} | " + " | ".join(cell(records[metric, contender]) for contender in contenders) + " |")
if len(sys.argv) > 3:
    with open(sys.argv[3], "w", encoding="ascii") as out:
        json.dump([entry for entry in records.values() if entry], out, indent=1)
