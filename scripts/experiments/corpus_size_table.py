#!/usr/bin/env python3
"""Pre-training with few and many blocks in the same time, judged zero-shot on blocks that no training saw.

For each number of blocks and seed: that many blocks drawn from a pool of generated ones, `tessera pretrain` from random
weights by imitation of one demonstration a block, for the same wall-clock time on one thread; then `place --effort
zero-shot`, which keeps the best of four greedy episodes, on held-out generated blocks and on public ones. With
`--finetune S`, each checkpoint is fine-tuned for S seconds on the public blocks named, too. Finished runs are appended
to a .jsonl file and skipped when they are there already; a training that was cut is resumed.
"""
import argparse
import concurrent.futures
import json
import math
import pathlib
import random
import statistics
import subprocess
import threading

import results_file

# Training blocks by the split of data/README.md; those of the bundled checkpoint are the first 24.
RECIPES = {"cpu-cache": 4, "large-memories": 4, "network-switch": 4, "mixed": 6, "balanced": 2, "few-large-macros": 4}
BUNDLED_POOL = sum(RECIPES.values())
HELD_OUT = [f"{recipe}:{1000 + i}" for recipe, count in
            {"cpu-cache": 3, "large-memories": 3, "network-switch": 2, "mixed": 4, "balanced": 2}.items()
            for i in range(1, count + 1)]
SPLIT = {"ng45_nvdla": "unseen", "ng45_mempool_tile": "unseen", "ng45_ariane133": "related"}
ENVIRONMENT = ["--order", "connectivity", "--cluster-placer", "gradient"]
# What data/bundled.toml and scripts/pretrain_bundled.sh come to (a rate of .002, times 2), whatever the defaults are.
IMITATION = ["--augment", "--imitation-iterations", "100000", "--imitation-epochs", "1", "--episodes", "16",
             "--learning-rate", "0.004", "--gae-lambda", "0.95", "--evaluation-interval", "0"]
MOST_BLOCKS_AN_ITERATION = 8
MAKING_FILES = threading.Lock()


def pool_of(size):
    """The blocks to draw from: those of the bundled checkpoint, then more of the same recipes in turn."""
    pool = [f"{recipe}:{seed}" for recipe, count in RECIPES.items() for seed in range(1, count + 1)]
    more = [f"{recipe}:{count + 1 + i}" for i in range(math.ceil(size / len(RECIPES)))
            for recipe, count in RECIPES.items()]
    return (pool + more)[:max(size, BUNDLED_POOL)]


def run(command):
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def demonstrations(args, block):
    """A file with one demonstration of a block, made once."""
    path = args.output / f"demonstration.{block.replace(':', '_')}.jsonl"
    with MAKING_FILES:
        if not path.exists():
            run([args.tessera, "demonstrate", "--corpus", block, "--order", "connectivity", "--policy", "spiral",
                 "--evals", 1000000, "--per-block", 1, "--threads", 1, "-q", "-o", path])
    return path.read_text(encoding="utf-8")


def files_of(args, block):
    """Netlist and placement, of generated blocks as `tessera generate` writes them."""
    if ":" not in block:
        folder = args.benchmarks / "clustered" / block
        return folder / "netlist.pb.txt.gz", folder / "initial.plc"
    recipe, seed = block.split(":")
    name = f"{recipe}_{seed}"
    with MAKING_FILES:
        if not (args.output / f"{name}.plc").exists():
            run([args.tessera, "generate", "-o", args.output, "--name", name, "--recipe", recipe, "--seed", seed,
                 "-q"])
    return args.output / f"{name}.pb.txt.gz", args.output / f"{name}.plc"


def zero_shot(args, block, policy):
    netlist, plc = files_of(args, block)
    report = json.loads(run([args.tessera, "place", netlist, "--plc", plc, "--mode", "grid", "--effort", "zero-shot",
                             "--policy", policy, "--threads", 1, "--json", "-q", "-o",
                             args.output / f"placed.{threading.get_ident()}.plc"]))
    assert report["legal"]
    return report["cost"]["proxy"]


def finetune(args, block, policy, seed):
    """Best episode of a fine-tuning."""
    netlist, plc = files_of(args, block)
    report = json.loads(run([args.tessera, "finetune", netlist, "--plc", plc, "--policy", policy, "--seed", seed,
                             "--time", args.finetune, "--threads", 1, "--json", "-q", "-o",
                             args.output / f"finetuned.{policy.stem}.{block}.safetensors"]))
    return report["best_proxy"]


def train(args, count, seed):
    chosen = random.Random(seed).sample(pool_of(args.pool), count)
    stem = args.output / f"{count}_blocks.{seed}.{args.time:g}s"
    shown = stem.with_name(stem.name + ".demonstrations.jsonl")
    shown.write_text("".join(demonstrations(args, block) for block in chosen), encoding="utf-8")
    checkpoint = stem.with_name(stem.name + ".safetensors")
    report = json.loads(run([
        args.tessera, "pretrain", "--corpus", *chosen, *ENVIRONMENT, *IMITATION, "--blocks",
        min(count, MOST_BLOCKS_AN_ITERATION), "--demonstrations", shown, "--seed", seed, "--time", args.time,
        "--threads", 1, "--json", "-q", "-o", checkpoint,
        "--resume" if checkpoint.exists() else "--from-scratch"]))
    entry = {"blocks": count, "seed": seed, "time_s": args.time, "threads": 1, "pool": args.pool, "corpus": chosen,
             "episodes": report["episodes"], "tessera": report["tessera"],
             "zero_shot": {block: zero_shot(args, block, checkpoint) for block in [*HELD_OUT, *args.blocks]}}
    if args.finetune:
        entry["finetune_s"] = args.finetune
        entry["finetuned"] = {block: finetune(args, block, checkpoint, seed) for block in args.finetune_blocks}
    return entry


def rules(args, entries):
    """The better of the two rules on each block, which needs no training."""
    if any(entry["blocks"] == 0 for entry in entries):
        return None
    proxies = {block: min(zero_shot(args, block, rule) for rule in ("spiral", "greedy"))
               for block in [*HELD_OUT, *args.blocks]}
    return {"blocks": 0, "seed": 0, "time_s": 0, "pool": 0, "zero_shot": proxies}


def spread(values, form):
    values = sorted(values)
    text = form.format(statistics.median(values))
    return text if len(values) == 1 else f"{text} ({form.format(values[0])} to {form.format(values[-1])})"


def table(entries):
    base = next(entry["zero_shot"] for entry in entries if entry["blocks"] == 0)
    public = [block for block in base if ":" not in block]
    tuned = sorted({block for entry in entries for block in entry.get("finetuned", {})})
    lines = ["| blocks | minutes | seeds | held-out blocks, against the better rule | " +
             " | ".join(f"`{block}` ({SPLIT.get(block, '')})" for block in public) +
             "".join(f" | `{block}`, fine-tuned" for block in tuned) + " |",
             "| ---: | ---: | ---: | ---: |" + " ---: |" * (len(public) + len(tuned)),
             "| the better rule | | | 1 | " + " | ".join(f"{base[block]:.4f}" for block in public) +
             " | " * len(tuned) + " |"]
    groups = {}
    for entry in entries:
        if entry["blocks"]:
            groups.setdefault((entry["time_s"], entry["blocks"]), []).append(entry)
    for (seconds, count), runs in sorted(groups.items()):
        held_out = [math.exp(statistics.mean(math.log(run["zero_shot"][block] / base[block]) for block in HELD_OUT))
                    for run in runs]
        cells = [spread(held_out, "{:.3f}")]
        cells += [spread([run["zero_shot"][block] for run in runs], "{:.4f}") for block in public]
        for block in tuned:
            known = [run["finetuned"][block] for run in runs if block in run.get("finetuned", {})]
            cells.append(spread(known, "{:.4f}") if known else "")
        lines.append(f"| {count} | {seconds / 60:g} | {len(runs)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--benchmarks", type=pathlib.Path, required=True, help="folder with clustered/")
    parser.add_argument("--document", type=pathlib.Path, help="takes the table")
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/corpus_size"))
    parser.add_argument("--counts", nargs="*", type=int, default=[2, 5, 20])
    parser.add_argument("--pool", type=int, default=BUNDLED_POOL, help="blocks to draw from")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--time", type=float, default=600.0)
    parser.add_argument("--blocks", nargs="+", default=list(SPLIT))
    parser.add_argument("--jobs", type=int, default=2, help="trainings side by side")
    parser.add_argument("--finetune", type=float, default=0.0, help="seconds; of new runs only")
    parser.add_argument("--finetune-blocks", nargs="+", default=["ng45_nvdla"])
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    entries = results_file.load(args.file)
    done = {(entry["blocks"], entry["seed"], entry["time_s"], entry["pool"]) for entry in entries}
    if (base := rules(args, entries)) is not None:
        entries.append(base)
        results_file.append(args.file, base)

    def measure(count, seed):
        if (count, seed, args.time, args.pool) in done:
            return
        entry = train(args, count, seed)
        entries.append(entry)
        results_file.append(args.file, entry)
        print(f"{count} blocks, seed {seed}: " +
              ", ".join(f"{block} {proxy:.4f}" for block, proxy in entry["zero_shot"].items()), flush=True)

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for future in [pool.submit(measure, count, seed) for seed in args.seeds for count in args.counts]:
            future.result()
    if args.document:
        results_file.replace_table(args.document, "corpus-size", table(entries))


if __name__ == "__main__":
    main()
