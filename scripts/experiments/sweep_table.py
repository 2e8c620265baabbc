#!/usr/bin/env python3
"""Writes the medians of a placement sweep as a table into a document, beside published numbers.

The table replaces what stands between the lines `<!-- sweep:begin -->` and `<!-- sweep:end -->`.
"""
import argparse
import collections
import json
import pathlib
import statistics

BEGIN = "<!-- sweep:begin -->"
END = "<!-- sweep:end -->"

# Proxies (weights 1, 0.5, 0.5) by others on the same netlists, grids and routing constants.
PUBLISHED = {
    "grid": ("TILOS' annealer in C++, 193 to 356 s, one core (run by us)", {
        "ng45_ariane133": 0.6797, "ng45_ariane136": 0.6846,
        "ng45_mempool_tile": 0.8641, "ng45_nvdla": 0.7017}),
    "free": ("best published per block, 4 to 55 min each (brmurrell3/macro-placer)", {
        "ng45_ariane133": 0.6392, "ng45_ariane136": 0.6386,
        "ng45_mempool_tile": 0.7089, "ng45_nvdla": 0.6611}),
}


def median_cell(runs):
    proxies = sorted(run["proxy"] for run in runs)
    jittered = statistics.median(run["proxy_jittered"] for run in runs)
    spread = f"{proxies[0]:.4f} to {proxies[-1]:.4f}"
    return f"**{statistics.median(proxies):.4f}** ({spread}; jittered {jittered:.4f})"


def class_table(runs, placement_class):
    by_cell = collections.defaultdict(list)
    for run in runs:
        if run["class"] == placement_class:
            by_cell[run["block"], run["budget_s"], run["threads"]].append(run)
    budgets = sorted({(budget, -threads) for _, budget, threads in by_cell})
    source, published = PUBLISHED[placement_class]
    head = ["block", *(f"{budget} s, {-threads} core{'s' if threads < -1 else ''}"
                       for budget, threads in budgets), source]
    lines = [f"### Class {placement_class}", "",
             "| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    blocks = sorted({block for block, _, _ in by_cell})
    for block in blocks:
        cells = [median_cell(by_cell[block, budget, -threads])
                 if (block, budget, -threads) in by_cell else ""
                 for budget, threads in budgets]
        other = f"{published[block]:.4f}" if block in published else ""
        lines.append("| " + " | ".join([f"`{block}`", *cells, other]) + " |")
    averages = []
    for budget, threads in budgets:
        medians = [statistics.median(run["proxy"] for run in by_cell[block, budget, -threads])
                   for block in published if (block, budget, -threads) in by_cell]
        complete = len(medians) == len(published)
        averages.append(f"{statistics.mean(medians):.4f}" if complete else "")
    average = statistics.mean(published.values())
    lines.append("| " + " | ".join(["average of the ng45 blocks", *averages, f"{average:.4f}"])
                 + " |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweeps", type=pathlib.Path, nargs="+", help="the .jsonl files")
    parser.add_argument("--document", type=pathlib.Path, required=True)
    args = parser.parse_args()

    runs = [json.loads(line) for path in args.sweeps
            for line in path.read_text(encoding="utf-8").splitlines()]
    versions = sorted({run["tessera"] for run in runs})
    machines = sorted({run["machine"] for run in runs})
    seeds = sorted({run["seed"] for run in runs})
    lines = [f"Medians over seeds {', '.join(map(str, seeds))} (least to greatest; median of the "
             f"jittered proxies). {len(runs)} runs, {'; '.join(machines)}, tessera "
             f"{', '.join(versions)}. Runs on 1 core went two at a time on two cores.", ""]
    for placement_class in ("grid", "free"):
        lines += class_table(runs, placement_class) + [""]

    document = args.document.read_text(encoding="utf-8")
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    text = "\n".join(lines)
    args.document.write_text(f"{before}{BEGIN}\n{text}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
