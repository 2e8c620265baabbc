#!/usr/bin/env python3
"""Writes the short tables of the README from the results of the experiments.

What is there in full, with seeds, spreads and commands, is in docs/results.md.
"""
import argparse
import pathlib
import statistics

import finetune_table
import flat_place_table
import results_file
import sweep_table
import zero_shot_table


def median(runs, field):
    return statistics.median(run[field] for run in runs)


def flat_rows(entries):
    """Wires of the flat netlist around our macros, in relation to those around a commercial tool's."""
    for block in flat_place_table.BLOCKS:
        mine = [entry for entry in entries if entry["block"] == block]
        base = [entry for entry in mine if entry["effort"] == "commercial"]
        cells = []
        for effort in ("default", "best"):
            runs = [entry for entry in mine if entry["effort"] == effort]
            if not runs or not base:
                cells.append("")
                continue
            change = median(runs, "legal_hpwl_um") / base[0]["legal_hpwl_um"] - 1
            cells.append(f"{100 * change:+.1f} % ({len(runs)} seed{'s' if len(runs) > 1 else ''}); "
                         f"{median(runs, 'ace1'):.2f}")
        if base:
            yield f"| `{block}` | {cells[0]} | {cells[1]} | {base[0]['ace1']:.2f} |"


def flat_table(entries):
    return "\n".join(["| flat netlist | `--effort default` | `--effort best` | commercial |",
                      "| --- | --- | --- | ---: |", *flat_rows(entries)])


def proxy_table(runs):
    """Median proxies of a class and budget beside the best of others."""
    lines = ["| clustered netlist | class | 10 s, 2 cores | 60 s, 1 core | others |",
             "| --- | --- | ---: | ---: | --- |"]
    for placement_class, (source, published) in sweep_table.PUBLISHED.items():
        for block, other in published.items():
            cells = []
            for budget, threads in ((10, 2), (60, 1)):
                chosen = [run for run in runs if (run["block"], run["class"], run["budget_s"],
                                                  run["threads"]) == (block, placement_class, budget, threads)]
                cells.append(f"{median(chosen, 'proxy'):.4f}" if chosen else "")
            lines.append(f"| `{block}` | {placement_class} | {cells[0]} | {cells[1]} | {other:.4f}: {source} |")
    return "\n".join(lines)


def zero_shot(entries):
    """The network alone on blocks that it never saw, beside the best that needs no training."""
    lines = ["| clustered netlist | network alone | best without training | `--mode grid --time 60`, no network |",
             "| --- | --- | --- | ---: |"]
    for block in zero_shot_table.SPLIT:
        mine = [entry for entry in entries if entry["block"] == block]
        network = [entry for entry in mine if entry["method"] == "policy, four views"]
        others = [entry for entry in mine if entry["method"] in zero_shot_table.BASELINES]
        search = [entry for entry in mine if entry["method"] == "optimiser, 60 s"]
        if not network or not others:
            continue
        best = min(others, key=lambda entry: entry["proxy"])
        found = f"{median(search, 'proxy'):.4f}" if search else ""
        lines.append(f"| `{block}` | {median(network, 'proxy'):.4f} in {median(network, 'wall_s'):.2f} s | "
                     f"{best['proxy']:.4f}: {best['method']} | "
                     f"{found} |")
    return "\n".join(lines)


def fine_tuning(entries):
    """Best of a run from the checkpoint over that of one from random weights, in the same time."""
    lines = ["| clustered netlist | from the checkpoint, 30 min | from random weights, 30 min | " +
             " | ".join(f"ratio in {minutes} min" for minutes in finetune_table.MINUTES) + " |",
             "| --- | ---: | ---: |" + " ---: |" * len(finetune_table.MINUTES)]
    pairs = finetune_table.complete_pairs(entries)
    for block in finetune_table.SPLIT:
        both = pairs.get((block, 60 * finetune_table.MINUTES[-1]))
        if not both:
            continue
        best = {(start, minutes): [finetune_table.best_at(pair[start], 60 * minutes) for pair in both]
                for start in finetune_table.STARTS for minutes in finetune_table.MINUTES}
        cells = [f"{statistics.median(best[start, finetune_table.MINUTES[-1]]):.4f}"
                 for start in finetune_table.STARTS]
        for minutes in finetune_table.MINUTES:
            ratios = [mine / other for mine, other in zip(*(best[start, minutes]
                                                             for start in finetune_table.STARTS))]
            better = sum(ratio < 1.0 for ratio in ratios)
            cells.append(f"{statistics.median(ratios):.3f} ({better} of {len(ratios)} better)")
        lines.append(f"| `{block}` | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=pathlib.Path, default=pathlib.Path("docs/results"))
    parser.add_argument("--document", type=pathlib.Path, default=pathlib.Path("README.md"))
    args = parser.parse_args()
    results_file.replace_table(args.document, "flat",
                               flat_table(results_file.load(args.results / "flat_place.jsonl")))
    results_file.replace_table(args.document, "zero-shot",
                               zero_shot(results_file.load(args.results / "zero_shot.jsonl")))
    results_file.replace_table(args.document, "fine-tuning",
                               fine_tuning(results_file.load(args.results / "finetune.jsonl")))
    results_file.replace_table(args.document, "proxy",
                               proxy_table(results_file.load(args.results / "placement_sweep.jsonl")))


if __name__ == "__main__":
    main()
