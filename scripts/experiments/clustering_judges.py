#!/usr/bin/env python3
"""Judges macros placed with our clusters and macros placed with hMETIS's by one and the same netlist.

Proxies of two clusterings have different divisors and different nets, so neither says which macros are
better. Here the macros of both searches are fixed in both clustered netlists, only clusters move, and the
proxies are compared within each netlist. Finished runs are appended to a .jsonl file and skipped when they
are there already; the table replaces what stands between `<!-- judges:begin -->` and
`<!-- judges:end -->` in the document.
"""
import argparse
import gzip
import json
import pathlib
import re
import statistics
import subprocess

import clustering_compare
import results_file

CLUSTERINGS = ("published", "ours")


def node_names(netlist):
    """Names of the nodes of a .pb.txt in their order, which is what a .plc counts by."""
    opener = gzip.open if netlist.endswith(".gz") else open
    with opener(netlist, "rt", encoding="utf-8") as file:
        return [match.group(1) for match in re.finditer(r'^\s*name: "(.*)"', file.read(), re.M)
                if match.group(1) != "__metadata__"]


def hard_macros(netlist, plc):
    """Name to (x, y, orientation) of what is neither port nor cluster."""
    names = node_names(netlist)
    places = {}
    for line in pathlib.Path(plc).read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if len(fields) != 5 or line.startswith("#"):
            continue
        name = names[int(fields[0])]
        if fields[3] != "-" and not name.startswith("Grp_"):
            places[name] = (fields[1], fields[2], fields[3])
    return places


def with_macros(netlist, plc, macros, output):
    """A copy of a .plc with hard macros moved; how many were found."""
    names = node_names(netlist)
    lines, moved = [], 0
    for line in pathlib.Path(plc).read_text(encoding="utf-8").splitlines():
        fields = line.split()
        if len(fields) == 5 and not line.startswith("#") and names[int(fields[0])] in macros:
            x, y, orientation = macros[names[int(fields[0])]]
            line = f"{fields[0]} {x} {y} {orientation} {fields[4]}"
            moved += 1
        lines.append(line)
    pathlib.Path(output).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return moved


def judge(args, netlist, plc, macros, seed):
    start = args.output / "judged.plc"
    if with_macros(netlist, plc, macros, start) != len(macros):
        raise RuntimeError(f"{netlist}: macros not found")
    done = subprocess.run(
        [args.tessera, "place", netlist, "--plc", str(start), "--fix", ".*", "--evals",
         str(args.judge_evals), "--seed", str(seed), "--json", "-q", "-o",
         str(args.output / "judged_result.plc")], stdout=subprocess.PIPE, text=True, check=False)
    # 4: written, but a fixed macro is over the edge of the canvas, whose sides differ by rounding.
    if done.returncode not in (0, 4):
        raise RuntimeError(f"{netlist}: placing the clusters failed")
    return json.loads(done.stdout)["cost"]["proxy"]


def run(args, block, seed):
    """Proxies of both macro placements in both clusterings, by (macros' netlist, judging netlist)."""
    folder = args.benchmarks / "clustered" / block
    inputs = {"published": (str(folder / "netlist.pb.txt.gz"), str(folder / "initial.plc")),
              "ours": clustering_compare.cluster(args, block, seed)[:2]}
    macros = {}
    for clustering in CLUSTERINGS:
        clustering_compare.place(args, *inputs[clustering], seed, "free")
        macros[clustering] = hard_macros(inputs[clustering][0], args.output / "placed.plc")
    return {f"{source}_in_{target}": judge(args, *inputs[target], macros[source], seed)
            for source in CLUSTERINGS for target in CLUSTERINGS}


def table(entries):
    lines = [f"Our macros over those of hMETIS's clusters, medians over {len({e['seed'] for e in entries})} "
             f"seeds, {entries[-1]['evals']:,} moves for the macros, then {entries[-1]['judge_evals']:,} "
             "for the clusters alone. Each netlist favours the macros that were optimised with it: the "
             "last column is the geometric mean of both judges.", "",
             "| block | judged by hMETIS's clusters | judged by ours | mean |",
             "| --- | ---: | ---: | ---: |"]
    means = []
    for block in sorted({entry["block"] for entry in entries}):
        runs = [entry for entry in entries if entry["block"] == block]
        by_theirs = statistics.median(e["ours_in_published"] / e["published_in_published"] for e in runs)
        by_ours = statistics.median(e["ours_in_ours"] / e["published_in_ours"] for e in runs)
        means.append((by_theirs * by_ours) ** 0.5)
        lines.append(f"| `{block}` | {by_theirs:.3f} | {by_ours:.3f} | {means[-1]:.3f} |")
    lines.append(f"| mean | | | {statistics.mean(means):.3f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--document", type=pathlib.Path, help="takes the table")
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--benchmarks", type=pathlib.Path, default=pathlib.Path("../shared/benchmarks"))
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/clustering_judges"))
    parser.add_argument("--blocks", nargs="+", required=True)
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--evals", type=int, default=1_000_000)
    parser.add_argument("--judge-evals", type=int, default=300_000)
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    entries = results_file.load(args.file)
    done = {(entry["block"], entry["seed"], entry["evals"]) for entry in entries}
    for seed in args.seeds:
        for block in args.blocks:
            if (block, seed, args.evals) in done:
                continue
            entry = {"block": block, "seed": seed, "evals": args.evals,
                     "judge_evals": args.judge_evals, **run(args, block, seed)}
            entries.append(entry)
            results_file.append(args.file, entry)
            print(json.dumps(entry), flush=True)
    if args.document:
        results_file.replace_table(args.document, "judges", table(entries))


if __name__ == "__main__":
    main()
