#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Writes the case files beside this script: bpf/cases/generate.py [--check].

With --check nothing is written; a file that differs from what would be written is an error.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fragments  # noqa: E402
import icmp  # noqa: E402
import l4  # noqa: E402
import lengths  # noqa: E402
import stateless  # noqa: E402

TOPICS = {"l4": l4, "stateless": stateless, "icmp": icmp, "fragments": fragments,
          "lengths": lengths}


def render(records):
    names = [record["name"] for record in records]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SystemExit("case names used twice: " + ", ".join(twice))
    return "[\n" + ",\n".join(json.dumps(record, separators=(",", ":")) for record in records) + "\n]\n"


def main():
    check = "--check" in sys.argv[1:]
    here = os.path.dirname(os.path.abspath(__file__))
    stale = []
    for topic, module in TOPICS.items():
        path = os.path.join(here, topic + ".json")
        text = render(list(module.cases()))
        current = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
        if check and current != text:
            stale.append(path)
        elif current != text:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    if stale:
        raise SystemExit("not what generate.py writes: " + ", ".join(stale))


main()
