#!/usr/bin/env python3
"""Places public clustered blocks for given times and seeds and appends each run to a .jsonl file.

A run that the file has already is skipped, so that a sweep goes on where it was interrupted. Every
placement is read back: `tessera cost` of the written file must give the reported proxy to 1e-9, and
an independent checker, if one is named, must find it legal. Runs may go side by side, each on its
share of the cores; the entry says so.
"""
import argparse
import concurrent.futures
import json
import pathlib
import platform
import subprocess
import sys
import threading
import time

LOCK = threading.Lock()


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def key(run):
    return tuple(run[name] for name in ("block", "class", "budget_s", "seed", "threads"))


def finished(path):
    if not path.exists():
        return set()
    return {key(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()}


def output_of(command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def cost_flags(args, run):
    folder = args.benchmarks / "clustered" / run["block"]
    return [str(folder / "netlist.pb.txt.gz"), "--plc"], folder / "initial.plc"


def check(args, run, placement, proxy):
    """Reads a written placement back; stops the sweep if it is not what was reported."""
    netlist, initial = cost_flags(args, run)
    again = json.loads(output_of([args.tessera, "cost", *netlist, str(placement), "--json"]))
    error = abs(again["cost"]["proxy"] - proxy) / proxy
    if error > 1e-9 or not again["legal"]:
        sys.exit(f"{run}: `tessera cost` says {again['cost']['proxy']}, legal: {again['legal']}")
    if args.checker:
        command = [sys.executable, args.checker, netlist[0], str(placement), "--tolerance", "1e-5",
                   "--reference", str(initial)]
        if run["class"] == "grid":
            command.append("--on-grid")
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def place(args, run, side_by_side):
    netlist, initial = cost_flags(args, run)
    name = f"{run['block']}.{run['class']}.{run['budget_s']}.{run['seed']}.plc"
    placement = args.output / name
    # One core runs one chain: two would each get half of its time.
    chains = ["--chains", "1"] if run["threads"] == 1 else []
    command = [args.tessera, "place", *netlist, str(initial), "--mode", run["class"],
               "--time", str(run["budget_s"]), "--seed", str(run["seed"]),
               "--threads", str(run["threads"]), *chains, "--json", "-q", "-o", str(placement)]
    start = time.monotonic()
    result = json.loads(output_of(command))
    wall = time.monotonic() - start
    cost = result["cost"]
    check(args, run, placement, cost["proxy"])
    entry = {
        **run,
        "side_by_side": side_by_side,
        "wall_s": round(wall, 2),
        "evals": result["evals"],
        "chains": result["chains"],
        "stopped": result["stopped"],
        **{part: cost[part] for part in ("proxy", "wirelength", "density", "congestion")},
        "proxy_jittered": cost["proxy_jittered"],
        "stages": result["stages"],
        "tessera": result["tessera"],
        "machine": processor(),
        "checked": "cost" if args.checker is None else "cost and legality",
    }
    with LOCK, args.file.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")
    print(f"{name}: {cost['proxy']:.4f} in {wall:.1f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--benchmarks", type=pathlib.Path, default=pathlib.Path("../shared/benchmarks"))
    parser.add_argument("--checker", help="check_placement.py, run on every placement")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/sweep"))
    parser.add_argument("--blocks", nargs="+", required=True)
    parser.add_argument("--classes", nargs="+", default=["grid", "free"])
    parser.add_argument("--seconds", nargs="+", type=int, required=True)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=2, help="of each run")
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side")
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    args.file.parent.mkdir(parents=True, exist_ok=True)
    done = finished(args.file)
    runs = [{"block": block, "class": placement_class, "budget_s": seconds, "seed": seed,
             "threads": args.threads}
            for seconds in args.seconds for seed in args.seeds for block in args.blocks
            for placement_class in args.classes]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(lambda run: place(args, run, args.jobs),
                      [run for run in runs if key(run) not in done]))


if __name__ == "__main__":
    main()
