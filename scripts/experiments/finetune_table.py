#!/usr/bin/env python3
"""Fine-tuning from the checkpoint against training from random weights: proxy over wall-clock.

For each block and seed, two runs of `tessera finetune` in the same time, side by side with `--jobs 2` (one
thread each): one from the checkpoint, one with `--from-scratch`; all else is the same. A finished pair of runs is
appended to a .jsonl file, with its curves, and skipped when it is there already; a run that was cut is resumed.
With `--snapshots DIR`, the checkpoints as they were at 1, 5, 15 minutes and at the end are kept there, and pictures
of what they place (`place --effort zero-shot`, one greedy episode).

The table has, at each time, the best episode so far of either and their ratio; then the greedy policy and the mean of
the sampled episodes at the end, and the time in which either reaches the best that the other has in the end.
"""
import argparse
import concurrent.futures
import json
import pathlib
import shutil
import statistics
import subprocess
import threading
import time

import results_file

SPLIT = {"ng45_nvdla": "unseen", "ng45_mempool_tile": "unseen", "ng45_ariane133": "related"}
STARTS = ("checkpoint", "random weights")
MINUTES = (1, 5, 15, 30)
SNAPSHOT_MINUTES = (1, 5, 15)
LOCK = threading.Lock()


def key(entry):
    return entry["block"], entry["start"], entry["seed"], entry["time_s"]


def keep_snapshots(process, checkpoint, stem, begin):
    """Copies the checkpoint, which is always whole, when its time comes."""
    for minutes in SNAPSHOT_MINUTES:
        while process.poll() is None and time.monotonic() - begin < 60 * minutes:
            time.sleep(1)
        if process.poll() is None and checkpoint.exists():
            shutil.copyfile(checkpoint, f"{stem}.{minutes}min.safetensors")


def draw(args, block, stem):
    folder = args.benchmarks / "clustered" / block
    for checkpoint in sorted(stem.parent.glob(f"{stem.name}.*min.safetensors")):
        subprocess.run([args.tessera, "place", folder / "netlist.pb.txt.gz", "--plc", folder / "initial.plc",
                        "--effort", "zero-shot", "--samples", "1", "--policy", checkpoint, "-q", "-o",
                        checkpoint.with_suffix(".svg"), "-o", checkpoint.with_suffix(".plc")],
                       check=True, stdout=subprocess.DEVNULL)


def train(args, block, start, seed):
    folder = args.benchmarks / "clustered" / block
    stem = args.output / f"{block}.{start.replace(' ', '_')}.{seed}.{args.time:g}s"
    checkpoint = stem.with_name(stem.name + ".safetensors")
    origin = ["--resume"] if checkpoint.exists() else (
        ["--policy", args.policy] if start == "checkpoint" else ["--from-scratch"])
    command = [args.tessera, "finetune", folder / "netlist.pb.txt.gz", "--plc", folder / "initial.plc", *origin,
               *ENVIRONMENT, "--seed", seed, "--time", args.time, "--threads", args.threads, "--json", "-q", "-o",
               checkpoint]
    begin = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if args.snapshots:
        args.snapshots.mkdir(parents=True, exist_ok=True)
        kept = args.snapshots / f"{block}.{start.replace(' ', '_')}.{seed}"
        keep_snapshots(process, checkpoint, kept, begin)
    text, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{command}: exit code {process.returncode}")
    if args.snapshots:
        shutil.copyfile(checkpoint, f"{kept}.{args.time / 60:g}min.safetensors")
        draw(args, block, kept)
    report = json.loads(text)
    return {"block": block, "start": start, "seed": seed, "time_s": args.time, "threads": args.threads,
            "tessera": report["tessera"], "episodes": report["episodes"], "curve": read_curve(stem)}


def read_curve(stem):
    """Of each iteration: seconds, mean of its episodes, best episode so far, greedy episode if there was one."""
    curve = []
    for line in stem.with_name(stem.name + ".metrics.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        judged = row.get("judged_proxies")
        curve.append([round(row["elapsed_s"], 1), round(row["mean_proxy"], 6), round(row["best_proxy"], 6),
                      round(judged[0], 6) if judged else None])
    return curve


def best_at(entry, seconds):
    known = [best for elapsed, _, best, _ in entry["curve"] if elapsed <= seconds]
    return known[-1] if known else None


def seconds_to(entry, proxy):
    return next((elapsed for elapsed, _, best, _ in entry["curve"] if best <= proxy), None)


def mean_at_end(entry):
    return statistics.mean(row[1] for row in entry["curve"][-10:])


def greedy_at_end(entry):
    return min(row[3] for row in entry["curve"] if row[3] is not None)


def spread(values, form="{:.4f}"):
    values = sorted(values)
    text = form.format(statistics.median(values))
    return text if len(values) == 1 else f"{text} ({form.format(values[0])} to {form.format(values[-1])})"


def complete_pairs(entries):
    """Of each block and time, the pairs of runs from either start, by seed."""
    pairs = {}
    for entry in entries:
        pairs.setdefault((entry["block"], entry["time_s"]), {}).setdefault(entry["seed"], {})[
            entry["start"]] = entry
    return {key: [pair for _, pair in sorted(by_seed.items()) if len(pair) == len(STARTS)]
            for key, by_seed in pairs.items()}


def table(entries):
    lines = ["| block | seeds | from | " + " | ".join(f"best in {minutes} min" for minutes in MINUTES) +
             " | greedy policy at the end | mean of the last episodes |",
             "| --- | ---: | --- |" + " ---: |" * (len(MINUTES) + 2)]
    reached = ["| block | the checkpoint's first iteration against the best from random weights in 30 min | seconds "
               "in which the checkpoint's run has that | seconds in which random weights have the checkpoint's best |",
               "| --- | ---: | ---: | ---: |"]
    for (block, seconds), both in complete_pairs(entries).items():
        if not both:
            continue
        name = f"`{block}` ({SPLIT.get(block, 'trained on')})"
        times = [60 * minutes for minutes in MINUTES if 60 * minutes <= seconds]
        for start in STARTS:
            cells = [spread([best_at(pair[start], at) for pair in both]) for at in times]
            cells += [""] * (len(MINUTES) - len(times))
            cells += [spread([greedy_at_end(pair[start]) for pair in both]),
                      spread([mean_at_end(pair[start]) for pair in both])]
            lines.append(f"| {name} | {len(both)} | {start} | " + " | ".join(cells) + " |")
        ratios = []
        for at in times:
            values = [best_at(pair["checkpoint"], at) / best_at(pair["random weights"], at) for pair in both]
            better = sum(value < 1.0 for value in values)
            ratios.append(f"{spread(values, '{:.3f}')}, {better} of {len(both)} better")
        ratios += [""] * (len(MINUTES) - len(times))
        ratios += [spread([of(pair["checkpoint"]) / of(pair["random weights"]) for pair in both], "{:.3f}")
                   for of in (greedy_at_end, mean_at_end)]
        lines.append(f"| {name} | {len(both)} | ratio | " + " | ".join(ratios) + " |")

        def times_to(start, other):
            found = [seconds_to(pair[start], pair[other]["curve"][-1][2]) for pair in both]
            return ", ".join(f"{value:.0f}" if value is not None else f"not in {seconds:.0f}" for value in found)

        first = [pair["checkpoint"]["curve"][0][2] / pair["random weights"]["curve"][-1][2] for pair in both]
        reached.append(f"| {name} | {spread(first, '{:.3f}')} | {times_to(*STARTS)} | "
                       f"{times_to(*reversed(STARTS))} |")
    return "\n".join(lines) + "\n\n" + "\n".join(reached)


def plot(entries, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    matplotlib.rcParams["svg.hashsalt"] = "tessera"
    blocks = list(dict.fromkeys(entry["block"] for entry in entries))
    figure, all_axes = pyplot.subplots(1, len(blocks), figsize=(4.2 * len(blocks), 3.4), squeeze=False)
    for axes, block in zip(all_axes[0], blocks):
        for start, colour in zip(STARTS, ("tab:blue", "tab:orange")):
            runs = [entry for entry in entries if (entry["block"], entry["start"]) == (block, start)]
            for i, run in enumerate(runs):
                minutes = [row[0] / 60 for row in run["curve"]]
                axes.plot(minutes, [row[1] for row in run["curve"]], color=colour, alpha=0.35, linewidth=0.8)
                axes.plot(minutes, [row[2] for row in run["curve"]], color=colour, linewidth=1.6,
                          label=f"from {'the ' if start == 'checkpoint' else ''}{start}" if i == 0 else None)
        axes.set_title(f"{block} ({SPLIT.get(block, 'trained on')})", fontsize=9)
        axes.set_xlabel("minutes of one core")
        axes.grid(alpha=0.3)
    all_axes[0][0].set_ylabel("proxy: best so far (thick), mean of an iteration (thin)", fontsize=8)
    all_axes[0][0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


# What the checkpoint was trained with; random weights get the same.
ENVIRONMENT = ("--order", "connectivity", "--cluster-placer", "gradient")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--benchmarks", type=pathlib.Path, required=True, help="folder with clustered/")
    parser.add_argument("--document", type=pathlib.Path, help="takes the table")
    parser.add_argument("--plot", type=pathlib.Path, help="takes the curves, .svg or .png")
    parser.add_argument("--snapshots", type=pathlib.Path, help="folder for checkpoints and pictures on the way")
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--policy", type=pathlib.Path,
                        default=pathlib.Path("data/checkpoints/default.safetensors"))
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/finetune"))
    parser.add_argument("--blocks", nargs="*", default=list(SPLIT))
    parser.add_argument("--starts", nargs="+", choices=STARTS, default=list(STARTS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--time", type=float, default=1800.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    entries = results_file.load(args.file)
    done = {key(entry) for entry in entries}

    def run(block, start, seed):
        if (block, start, seed, args.time) in done:
            return
        entry = train(args, block, start, seed)
        with LOCK:
            entries.append(entry)
            results_file.append(args.file, entry)
        print(f"{block} {start} {seed}: best {entry['curve'][-1][2]:.4f}, greedy {greedy_at_end(entry):.4f}",
              flush=True)

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for future in [pool.submit(run, block, start, seed) for seed in args.seeds for block in args.blocks
                       for start in args.starts]:
            future.result()
    if args.document and entries:
        results_file.replace_table(args.document, "finetune", table(entries))
    if args.plot and entries:
        plot(entries, args.plot)


if __name__ == "__main__":
    main()
