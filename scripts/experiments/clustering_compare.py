#!/usr/bin/env python3
"""Places each public block as we cluster it and as it was clustered with hMETIS, for the same work.

Our clusters come from `tessera cluster` on the flat netlist, on the same canvas and grid. Finished runs
are appended to a .jsonl file and skipped when they are there already; the medians replace what stands
between `<!-- clustering:begin -->` and `<!-- clustering:end -->` in the document.
"""
import argparse
import collections
import json
import pathlib
import statistics
import subprocess

import results_file


def json_of(command):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def cluster(args, block, seed):
    """Our clustered netlist and its .plc, and what `tessera cluster` says about them."""
    stem = args.output / f"{block}.{seed}"
    report = json_of([args.tessera, "cluster", str(args.benchmarks / "flat" / f"{block}.pb.txt.gz"),
                      "--canvas", "auto", "--max-grid-cells", "2500", "--seed", str(seed), "--json",
                      "-o", f"{stem}.pb.txt", "-o", f"{stem}.plc"])
    return f"{stem}.pb.txt", f"{stem}.plc", report


def place(args, netlist, plc, seed, mode):
    return json_of([args.tessera, "place", netlist, "--plc", plc, "--mode", mode, "--evals",
                    str(args.evals), "--seed", str(seed), "--json", "-q", "-o",
                    str(args.output / "placed.plc")])


def run(args, block, clustering, mode, seed):
    cluster_s = 0.0
    if clustering == "ours":
        netlist, plc, report = cluster(args, block, seed)
        cluster_s = report["time_s"]["cluster"]
    else:
        folder = args.benchmarks / "clustered" / block
        netlist, plc = str(folder / "netlist.pb.txt.gz"), str(folder / "initial.plc")
    result = place(args, netlist, plc, seed, mode)
    cost = result["cost"]
    return {"block": block, "clustering": clustering, "mode": mode, "seed": seed,
            "evals": args.evals, "clusters": result["design"]["soft_macros"],
            "grid": result["design"]["grid"], "net_weight": result["design"]["net_weight"],
            "cluster_s": cluster_s,
            **{part: cost[part] for part in ("proxy", "wirelength", "density", "congestion")},
            "tessera": result["tessera"]}


def key(entry):
    return tuple(entry[name] for name in ("block", "clustering", "mode", "seed", "evals"))


def spread(entries):
    proxies = sorted(entry["proxy"] for entry in entries)
    return f"{statistics.median(proxies):.4f} ({proxies[0]:.4f} to {proxies[-1]:.4f})"


def with_divisor(entry, net_weight):
    """The proxy if its wirelength term were divided by this total weight of the nets."""
    scale = entry["net_weight"] / net_weight
    return entry["proxy"] + entry["wirelength"] * (scale - 1.0)


def table(entries):
    cells = collections.defaultdict(list)
    for entry in entries:
        cells[entry["block"], entry["mode"], entry["clustering"]].append(entry)
    seeds = sorted({entry["seed"] for entry in entries})
    lines = [f"Medians over seeds {', '.join(map(str, seeds))} (least to greatest), "
             f"{entries[-1]['evals']:,} moves each, tessera {entries[-1]['tessera']}. Clustering "
             "times are of `tessera cluster` without reading, wall-clock.", "",
             "| block | class | clusters: hMETIS | ours | s | proxy: hMETIS | ours | ours / hMETIS | "
             "same divisor | net weight |",
             "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for block, mode in sorted({(block, mode) for block, mode, _ in cells}):
        published = cells[block, mode, "published"]
        ours = cells[block, mode, "ours"]
        if not published or not ours:
            continue
        reference = statistics.median(e["proxy"] for e in published)
        ratio = statistics.median(e["proxy"] for e in ours) / reference
        net_weight = published[0]["net_weight"]
        same_divisor = statistics.median(with_divisor(e, net_weight) for e in ours) / reference
        nets = statistics.median(e["net_weight"] for e in ours) / net_weight
        clusters = statistics.median(e["clusters"] for e in ours)
        seconds = statistics.median(e["cluster_s"] for e in ours)
        lines.append(f"| `{block}` | {mode} | {published[0]['clusters']} | {clusters:.0f} | "
                     f"{seconds:.1f} | {spread(published)} | {spread(ours)} | {ratio:.3f} | "
                     f"{same_divisor:.3f} | {nets:.2f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--document", type=pathlib.Path, help="takes the table")
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--benchmarks", type=pathlib.Path, default=pathlib.Path("../shared/benchmarks"))
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/clustering_compare"))
    parser.add_argument("--blocks", nargs="*", default=[])
    parser.add_argument("--modes", nargs="+", default=["free", "grid"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--evals", type=int, default=1_000_000)
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    entries = results_file.load(args.file)
    done = {key(entry) for entry in entries}
    for seed in args.seeds:
        for block in args.blocks:
            for mode in args.modes:
                for clustering in ("published", "ours"):
                    if (block, clustering, mode, seed, args.evals) in done:
                        continue
                    entry = run(args, block, clustering, mode, seed)
                    entries.append(entry)
                    results_file.append(args.file, entry)
                    print(f"{block} {mode} {clustering} {seed}: {entry['proxy']:.4f}", flush=True)
    if args.document:
        results_file.replace_table(args.document, "clustering", table(entries))


if __name__ == "__main__":
    main()
