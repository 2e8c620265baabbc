#!/usr/bin/env python3
"""Episodes per update against the updates needed to reach a fixed proxy.

`tessera finetune --from-scratch` on one block with batches of different sizes, for as many iterations as the
smallest needs most, everything else the same: the steps of Adam in an iteration (minibatches grow with the batch) and a
constant learning rate. What counts is when the mean proxy of the sampled episodes, smoothed over
a window of iterations, first comes down to each of the targets. Where doubling the batch halves the updates, twice the machines
halve the time; where it does not, they only add episodes. Finished runs are appended to a .jsonl file and
skipped when they are there already.
"""
import argparse
import json
import pathlib
import statistics
import subprocess

import results_file

WINDOW = 3  # iterations
STEPS = 4   # minibatches of a pass over an iteration


def train(args, batch, seed):
    checkpoint = args.output / f"batch{batch}.{seed}.safetensors"
    checkpoint.unlink(missing_ok=True)
    minibatch = max(1, batch * args.macros // STEPS)
    subprocess.run([str(word) for word in [
        args.tessera, "finetune", args.netlist, "--plc", args.plc, "--from-scratch", "--order", "connectivity",
        "--cluster-placer", "gradient", "--episodes", batch, "--minibatch", minibatch,
        "--iterations", args.iterations, "--time", 1e9, "--final-learning-rate", 1, "--learning-rate",
        args.learning_rate, "--evaluation-interval", 0, "--undo-above", 0, "--seed", seed, "--threads", args.threads, "-q", "-o",
        checkpoint]], check=True)
    rows = [json.loads(line) for line in
            checkpoint.with_suffix(".metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return {"block": args.netlist.name.split(".")[0], "batch": batch, "seed": seed, "minibatch": minibatch,
            "learning_rate": args.learning_rate, "iterations": args.iterations,
            "mean_proxy": [round(row["mean_proxy"], 6) for row in rows],
            "threads": args.threads}


def updates_to(entry, target):
    means = entry["mean_proxy"]
    for i in range(WINDOW - 1, len(means)):
        if statistics.mean(means[i - WINDOW + 1:i + 1]) <= target:
            return i + 1
    return None


def table(entries, targets):
    groups = {}
    for entry in entries:
        groups.setdefault((entry["block"], entry["batch"]), []).append(entry)
    lines = ["| block | episodes per update | seeds | first mean | last mean | " +
             " | ".join(f"updates to {target:g} | episodes" for target in targets) + " |",
             "| --- | ---: | ---: | ---: | ---: |" + " ---: | ---: |" * len(targets)]
    for (block, batch), runs in sorted(groups.items()):
        cells = []
        for target in targets:
            found = [updates_to(run, target) for run in runs]
            shown = ", ".join(str(value) if value else f"> {run['iterations']}"
                              for value, run in zip(found, runs))
            known = sorted(value if value else 10 ** 9 for value in found)
            middle = statistics.median_low(known)
            cells += [shown, f"{middle * batch}" if middle < 10 ** 9 else ""]
        last = statistics.median(statistics.mean(run["mean_proxy"][-WINDOW:]) for run in runs)
        first = statistics.median(run["mean_proxy"][0] for run in runs)
        lines.append(f"| `{block}` | {batch} | {len(runs)} | {first:.4f} | {last:.4f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--netlist", type=pathlib.Path, default=pathlib.Path("data/blocks/small_balanced.pb.txt.gz"))
    parser.add_argument("--plc", type=pathlib.Path, default=pathlib.Path("data/blocks/small_balanced.plc"))
    parser.add_argument("--macros", type=int, default=40, help="of the block, to size the minibatches")
    parser.add_argument("--document", type=pathlib.Path, help="takes the table")
    parser.add_argument("--targets", nargs="+", type=float, default=[])
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/batch_size"))
    parser.add_argument("--batches", nargs="*", type=int, default=[4, 8, 16, 32, 64])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--iterations", type=int, default=60)
    parser.add_argument("--learning-rate", type=float, default=0.002)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    entries = results_file.load(args.file)
    done = {(entry["block"], entry["batch"], entry["seed"], entry["iterations"]) for entry in entries}
    for seed in args.seeds:
        for batch in args.batches:
            if (args.netlist.name.split(".")[0], batch, seed, args.iterations) in done:
                continue
            entry = train(args, batch, seed)
            entries.append(entry)
            results_file.append(args.file, entry)
            print(f"batch {batch}, seed {seed}: {entry['mean_proxy'][0]:.4f} to {entry['mean_proxy'][-1]:.4f}",
                  flush=True)
    if args.document and entries:
        results_file.replace_table(args.document, "batch-size", table(entries, args.targets))


if __name__ == "__main__":
    main()
