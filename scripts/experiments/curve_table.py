#!/usr/bin/env python3
"""Writes the learning curves of several seeds as a table into a document.

Each METRICS file is the `.metrics.jsonl` of one `tessera finetune`. A row of the table is a moment
of training; it holds, for each seed, the mean proxy of the sampled episodes of the iterations in
the minute before. The table replaces what stands between the lines `<!-- curves:begin -->` and
`<!-- curves:end -->`.
"""
import argparse
import json
import statistics

BEGIN = "<!-- curves:begin -->"
END = "<!-- curves:end -->"


def read_curve(path):
    with open(path, encoding="utf-8") as handle:
        return [json.loads(line) for line in handle]


def mean_in_window(curve, end_s, window_s):
    values = [row["mean_proxy"] for row in curve if end_s - window_s < row["elapsed_s"] <= end_s]
    return statistics.mean(values) if values else None


def table(curves, step_s, window_s):
    last_s = max(row["elapsed_s"] for curve in curves for row in curve)
    head = ["training time", *(f"seed {i + 1}" for i in range(len(curves))), "median"]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]

    def add(label, values):
        cells = [f"{value:.4f}" if value is not None else "-" for value in values]
        known = [value for value in values if value is not None]
        cells.append(f"{statistics.median(known):.4f}" if known else "-")
        lines.append("| " + " | ".join([label, *cells]) + " |")

    add("untrained (first iteration)", [curve[0]["mean_proxy"] for curve in curves])
    for minute in range(1, int(last_s // step_s) + 1):
        end_s = minute * step_s
        values = [mean_in_window(curve, end_s, window_s) for curve in curves]
        add(f"{end_s / 60:g} min", values)
    add("last iteration", [curve[-1]["mean_proxy"] for curve in curves])
    add("best episode", [curve[-1]["best_proxy"] for curve in curves])
    episodes = ", ".join(str(curve[-1]["episodes"]) for curve in curves)
    deviation = statistics.mean(curve[0]["std_proxy"] for curve in curves)
    lines.append("")
    lines.append(
        f"Episodes by seed: {episodes}. Deviation of single untrained episodes: {deviation:.4f}."
    )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("metrics", nargs="+")
    parser.add_argument("--document", required=True)
    parser.add_argument("--step", type=float, default=180.0, help="seconds between two rows")
    parser.add_argument("--window", type=float, default=60.0, help="seconds that a row averages")
    args = parser.parse_args()

    text = table([read_curve(path) for path in args.metrics], args.step, args.window)
    with open(args.document, encoding="utf-8") as handle:
        document = handle.read()
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    with open(args.document, "w", encoding="utf-8") as handle:
        handle.write(f"{before}{BEGIN}\n{text}\n{END}{after}")


if __name__ == "__main__":
    main()
