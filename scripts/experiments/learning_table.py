#!/usr/bin/env python3
"""Trains policies on one block from random weights, variant by variant, and writes a table.

Each run is `tessera finetune --from-scratch` for a fixed wall-clock time, or for a fixed number of
iterations, whose result does not depend on what else the machine does, then `tessera place --effort
zero-shot` with the checkpoint: one greedy episode and the cluster solver, no local search. Greedy choice
by delta map and spiral packing are placed in the same way, with the same order and solver. Finished runs
are appended to a .jsonl file and skipped when they are there already; a training that was cut is resumed
from its checkpoint. Two runs of one thread go side by side (`--jobs 2 --threads 1`).
"""
import argparse
import concurrent.futures
import json
import pathlib
import statistics
import subprocess
import threading
import time

import results_file

# The training's flags are what were the defaults when the table was made.
BASE = {"--cluster-placer": "circuit-training", "--order": "connectivity", "--learning-rate": "0.002",
        "--entropy": "0.003", "--entropy-floor": "0", "--gae-lambda": "0.95", "--undo-above": "0",
        "--imitation-rate": "2"}
# What each variant changes; a flag with the value None goes away.
VARIANTS = {
    "default": {},
    "published model": {"--model": "circuit-training"},
    "without maps of changes": {"--delta-maps": "false"},
    "without scattered embeddings": {"--scatter-width": "0"},
    "with dense reward": {"--shaping": "1"},
    "with restarts": {"--restarts": "0.5"},
    "order by area": {"--order": "area"},
    "with flips and transposes": {"--augment": ""},
    "imitation start": {"--imitation-iterations": "30", "--best-demonstrations": "0"},
    "expert iteration": {
        "--imitation-iterations": "100000", "--imitation-epochs": "3", "--expert-iteration": "true",
        "--smoothing": "0.5", "--follow": "0.9"},
}
VARIANTS["expert iteration, published model"] = {**VARIANTS["expert iteration"],
                                                "--model": "circuit-training"}
# Searches, of which the one with the best episode is imitated.
DEMONSTRATIONS = {"--per-block": "6", "--evals": "4000000", "--policy": "spiral"}
IMITATING = ("imitation start", "expert iteration", "expert iteration, published model")
LOCK = threading.Lock()


def flags_of(variant, args):
    flags = dict(BASE)
    if args.cluster_placer:
        flags["--cluster-placer"] = args.cluster_placer
    flags.update(VARIANTS[variant])
    if variant in IMITATING:
        flags["--demonstrations"] = str(args.demonstrations)
    return [part for flag, value in flags.items() if value is not None
            for part in ([flag, value] if value else [flag])]


def environment_of(flags):
    """The flags that `tessera place` has to have, too."""
    kept = []
    for name in ("--cluster-placer", "--order"):
        if name in flags:
            kept += [name, flags[flags.index(name) + 1]]
    return kept


def place(args, policy, environment):
    command = [args.tessera, "place", str(args.netlist), "--plc", str(args.plc), "--effort", "zero-shot",
               "--policy", policy, *environment, "--json", "-q", "-o", str(args.output / "placed.plc")]
    with LOCK:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)["cost"]["proxy"]


def demonstrate(args, seed, environment):
    """Demonstrations of this seed alone; the file and the seconds on one thread that they took."""
    solver = environment[environment.index("--cluster-placer") + 1]
    path = args.output / f"demonstrations.{solver}.{seed}.jsonl"
    seconds = path.with_suffix(".seconds")
    if not seconds.exists():
        more = [part for pair in DEMONSTRATIONS.items() for part in pair]
        start = time.monotonic()
        subprocess.run([args.tessera, "demonstrate", "--corpus", str(args.netlist), *environment, *more,
                        "--seed", str(1000 * seed), "--threads", "1", "-q", "-o", str(path)],
                       check=True, stdout=subprocess.DEVNULL)
        seconds.write_text(f"{time.monotonic() - start:.1f}\n")
    return path, float(seconds.read_text())


def train(args, variant, seed):
    flags = flags_of(variant, args)
    demonstrate_s = 0.0
    if variant in IMITATING and not args.demonstrations:
        made, demonstrate_s = demonstrate(args, seed, environment_of(flags))
        flags[flags.index("--demonstrations") + 1] = str(made)
    stem = f"{variant}.{seed}.{budget_text(args.iterations, args.time)}".replace(" ", "_")
    checkpoint = args.output / f"{stem}.safetensors"
    budget = ["--iterations", str(args.iterations), "--time", "1e9"] if args.iterations else [
        "--time", str(args.time)]
    command = [args.tessera, "finetune", str(args.netlist), "--plc", str(args.plc), *flags, "--seed",
               str(seed), *budget, "--threads", str(args.threads), "--json", "-q", "-o",
               str(checkpoint), "--resume" if checkpoint.exists() else "--from-scratch"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    if "--demonstrations" in flags:
        flags[flags.index("--demonstrations") + 1] = f"of seed {seed}"
    result = json.loads(done.stdout)
    environment = environment_of(flags)
    by_area = [*environment[:environment.index("--order")], "--order", "area"]
    return {"block": args.netlist.parent.name, "variant": variant, "seed": seed,
            "time_s": None if args.iterations else args.time, "budget": args.iterations,
            "elapsed_s": result["elapsed_s"], "demonstrate_s": demonstrate_s, "threads": args.threads, "flags": flags,
            "tessera": result["tessera"], "episodes": result["episodes"],
            "iterations": result["iterations"], "first_mean_proxy": result["first_mean_proxy"],
            "last_mean_proxy": result["last_mean_proxy"], "best_proxy": result["best_proxy"],
            "greedy_proxy": place(args, str(checkpoint), environment),
            "spiral_proxy": place(args, "spiral", environment),
            "delta_proxy": place(args, "greedy", environment),
            "spiral_area_proxy": place(args, "spiral", by_area),
            "delta_area_proxy": place(args, "greedy", by_area)}


def key(entry):
    return (entry["block"], entry["variant"], entry["seed"], entry["budget"], entry["time_s"],
            entry["threads"], entry["flags"][entry["flags"].index("--cluster-placer") + 1])


def budget_text(iterations, time_s):
    return f"{iterations} iterations" if iterations else f"{time_s:g} s"


def median(entries, field):
    return statistics.median(entry[field] for entry in entries)


def known_median(entries, field):
    """Of the runs that have it; earlier ones do not."""
    known = [entry[field] for entry in entries if field in entry]
    return f"{statistics.median(known):.4f}" if known else ""


def table(entries):
    lines = ["| variant | solver | budget | threads | seeds | episodes | first mean | last mean | best "
             "episode | greedy policy (least to greatest) | spiral | greedy by delta map | spiral by area | "
             "delta map by area |",
             "| --- | --- |" + " ---: |" * 12]
    groups = {}
    for entry in entries:
        block, variant, _, iterations, time_s, threads, solver = key(entry)
        budget = budget_text(iterations, time_s)
        groups.setdefault((block, budget, threads, solver, variant), []).append(entry)
    for (block, budget, threads, solver, variant), runs in groups.items():
        greedy = sorted(run["greedy_proxy"] for run in runs)
        lines.append(
            f"| `{block}`, {variant} | {solver} | {budget} | {threads} | {len(runs)} | "
            f"{median(runs, 'episodes'):.0f} | {median(runs, 'first_mean_proxy'):.4f} | "
            f"{median(runs, 'last_mean_proxy'):.4f} | {median(runs, 'best_proxy'):.4f} | "
            f"**{statistics.median(greedy):.4f}** ({greedy[0]:.4f} to {greedy[-1]:.4f}) | "
            f"{median(runs, 'spiral_proxy'):.4f} | {median(runs, 'delta_proxy'):.4f} | "
            f"{known_median(runs, 'spiral_area_proxy')} | {known_median(runs, 'delta_area_proxy')} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--netlist", type=pathlib.Path, required=True)
    parser.add_argument("--plc", type=pathlib.Path, required=True)
    parser.add_argument("--document", type=pathlib.Path, help="takes the table")
    parser.add_argument("--table", default="learning", help="name of the table in the document")
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/learning"))
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=["default"])
    parser.add_argument("--cluster-placer", choices=["gradient", "circuit-training"])
    parser.add_argument("--demonstrations", type=pathlib.Path,
                        help="to imitate (default: made for each seed)")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--time", type=float, default=1800.0)
    parser.add_argument("--iterations", type=int, help="instead of a time")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side")
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    entries = results_file.load(args.file)
    done = {key(entry) for entry in entries}

    def run(variant, seed):
        flags = flags_of(variant, args)
        wanted = (args.netlist.parent.name, variant, seed, args.iterations,
                  None if args.iterations else args.time, args.threads, flags[flags.index("--cluster-placer") + 1])
        if wanted in done:
            return
        entry = train(args, variant, seed)
        with LOCK:
            entries.append(entry)
            results_file.append(args.file, entry)
        print(f"{variant} {seed}: {entry['greedy_proxy']:.4f}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for future in [pool.submit(run, variant, seed) for seed in args.seeds
                       for variant in args.variants]:
            future.result()
    if args.document and entries:
        results_file.replace_table(args.document, args.table, table(entries))


if __name__ == "__main__":
    main()
