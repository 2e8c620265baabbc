#!/usr/bin/env python3
"""Compares placements by a policy alone with rules, an untrained network and the optimiser.

All are `tessera place --mode grid`, clusters around the macros by the same solver: a random legal placement,
spiral packing and the greedy choice by delta map, each in the order of area and of connectivity, untrained
networks of the same shape (four greedy episodes), the checkpoint (its greedy episode; the best of the four that see
the block from four sides; the best of as many episodes as fit into one second of the whole process), the macros of `legalized.plc` where a block has one, and the optimiser
without a policy in 1, 10 and 60 seconds. Runs that the file has are skipped. One command at a time.
"""
import argparse
import json
import pathlib
import statistics

import results_file
import timed_run

SPLIT = {"ng45_nvdla": "unseen", "ng45_mempool_tile": "unseen", "asap7_mempool_tile": "unseen",
         "ng45_ariane133": "related", "sky130hd_ariane133": "related"}
WITHOUT_LEGALIZED = ("ng45_mempool_tile", "asap7_mempool_tile")  # cut off at their source
RULES = ("spiral", "greedy")
BASELINES = ("random", "spiral", "spiral by connectivity", "greedy", "greedy by connectivity", "untrained")
SECOND = 1.0


class Runs:
    """What the file has, and how to add to it."""

    def __init__(self, args):
        self.args = args
        self.entries = results_file.load(args.file)
        self.done = {self.key(entry) for entry in self.entries}

    @staticmethod
    def key(entry):
        return entry["block"], entry["method"], entry["seed"]

    def place(self, block, method, seed, *flags, plc="initial.plc"):
        """Proxy and wall-clock time; short runs are repeated and the shortest time counts."""
        folder = self.args.benchmarks / "clustered" / block
        command = [self.args.tessera, "place", folder / "netlist.pb.txt.gz", "--plc",
                   folder / plc, "--mode", "grid", "--seed", seed, "--threads",
                   self.args.threads, "--json", "-q", *flags, "-o", self.args.output / "placed.plc"]
        repeats = 3 if "--effort" in flags else 1
        runs = [timed_run.timed(command) for _ in range(repeats)]
        report = json.loads(runs[0].text)
        return {"block": block, "method": method, "seed": seed, "proxy": report["cost"]["proxy"],
                "legal": report["legal"], "wall_s": min(run.wall_s for run in runs),
                "threads": self.args.threads, "tessera": report["tessera"]}

    def add(self, entry):
        self.entries.append(entry)
        self.done.add(self.key(entry))
        results_file.append(self.args.file, entry)
        print(f"{entry['block']} {entry['method']} {entry['seed']}: {entry['proxy']:.4f}, "
              f"{entry['wall_s']:.2f} s", flush=True)

    def take(self, block, method, seed, *flags, **more):
        if (block, method, seed) not in self.done:
            self.add(self.place(block, method, seed, *flags, **more))

    def take_best_of_many(self, block, seed, policy):
        """As many episodes as fit into a second, found by doubling."""
        if (block, "policy, best of a second", seed) in self.done:
            return
        best, samples = None, 2
        while samples <= 256:
            entry = self.place(block, "policy, best of a second", seed, *zero_shot(policy),
                               "--samples", samples)
            if best and entry["wall_s"] > SECOND:
                break
            best = {**entry, "samples": samples}
            samples *= 2
        self.add(best)


def zero_shot(policy, *flags):
    return "--effort", "zero-shot", "--policy", policy, *flags


def untrained(args, seed):
    """A checkpoint with the random weights of a seed, unchanged by a step of no length."""
    path = args.output / f"untrained.{seed}.safetensors"
    if not path.exists():
        timed_run.timed([args.tessera, "pretrain", "--corpus", "few-large-macros:1", "--from-scratch",
                         "--iterations", 1, "--episodes", 2, "--learning-rate", "1e-30",
                         "--evaluation-interval", 0, "--seed", seed, "-q", "-o", path])
    return path


def run_block(runs, args, block):
    for seed in args.seeds:
        runs.take(block, "random", seed, *zero_shot("none"))
        runs.take(block, "untrained", seed, *zero_shot(untrained(args, seed)))
        runs.take_best_of_many(block, seed, args.policy)
    for rule in RULES:
        runs.take(block, rule, 1, *zero_shot(rule))
        runs.take(block, f"{rule} by connectivity", 1, *zero_shot(rule, "--order", "connectivity"))
    runs.take(block, "policy, greedy", 1, *zero_shot(args.policy, "--samples", 1))
    runs.take(block, "policy, four views", 1, *zero_shot(args.policy))
    if block not in WITHOUT_LEGALIZED:
        runs.take(block, "legalized.plc", 1, *zero_shot("none"), "--fix", ".*", plc="legalized.plc")
    for seconds in args.times:
        for seed in args.seeds:
            runs.take(block, f"optimiser, {seconds} s", seed, "--policy", "none", "--time", seconds)


def spread(runs, form="{:.4f}"):
    values = sorted(run["proxy"] for run in runs)
    text = form.format(statistics.median(values))
    return text if len(values) == 1 else f"{text} ({form.format(values[0])} to {form.format(values[-1])})"


def table(entries):
    groups = {}
    for entry in entries:
        groups.setdefault(entry["block"], {}).setdefault(entry["method"], []).append(entry)
    blocks = sorted(groups, key=lambda block: (list(SPLIT).index(block) if block in SPLIT else 99, block))
    methods = list(dict.fromkeys(entry["method"] for entry in entries))
    methods.sort(key=lambda method: (method.startswith("optimiser"), method.startswith("policy"),
                                     method not in BASELINES))
    lines = ["| macros by | " + " | ".join(f"`{block}` ({SPLIT.get(block, 'trained on')})" for block in blocks) +
             " |", "| --- |" + " ---: |" * len(blocks)]
    for method in methods:
        cells = []
        for block in blocks:
            runs = groups[block].get(method)
            if not runs:
                cells.append("")
                continue
            seconds = statistics.median(run["wall_s"] for run in runs)
            samples = sorted(run["samples"] for run in runs if "samples" in run)
            many = f", {samples[0]} to {samples[-1]} episodes" if samples else ""
            cells.append(f"{spread(runs)}, {seconds:.2f} s{many}")
        lines.append(f"| {method} | " + " | ".join(cells) + " |")

    def against(name, others):
        cells = []
        for block in blocks:
            runs = groups[block]
            base = [min(run["proxy"] for run in runs[other]) for other in others if other in runs]
            best = [run["proxy"] for run in runs.get(name, [])]
            cells.append(f"{100 * (max(best) / min(base) - 1):+.1f} %" if base and best else "")
        return cells

    for name in ("policy, greedy", "policy, four views", "policy, best of a second"):
        lines.append(f"| {name}, worst seed, against the best of the rules and the untrained | " +
                     " | ".join(against(name, BASELINES)) + " |")
        lines.append(f"| {name}, worst seed, against the optimiser's best in 60 s | " +
                     " | ".join(against(name, ("optimiser, 60 s",))) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--benchmarks", type=pathlib.Path, required=True, help="folder with clustered/")
    parser.add_argument("--document", type=pathlib.Path, help="takes the table")
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--policy", type=pathlib.Path,
                        default=pathlib.Path("data/checkpoints/default.safetensors"))
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/zero_shot"))
    parser.add_argument("--blocks", nargs="+", default=list(SPLIT))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--times", nargs="+", type=int, default=[1, 10, 60])
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    runs = Runs(args)
    for block in args.blocks:
        run_block(runs, args, block)
    if args.document and runs.entries:
        results_file.replace_table(args.document, "zero-shot", table(runs.entries))


if __name__ == "__main__":
    main()
