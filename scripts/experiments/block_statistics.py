#!/usr/bin/env python3
"""Compares blocks that `tessera generate` makes with the public ones, and writes the tables.

Statistics are appended to a .jsonl file; the tables, of the latest entry of each file, replace what
stands between `<!-- blocks:begin -->` and `<!-- blocks:end -->` in the document. The Rent exponent
is measured with METIS, if its library is there.
"""
import argparse
import collections
import ctypes
import ctypes.util
import gzip
import json
import math
import pathlib
import re
import statistics
import subprocess

BEGIN = "<!-- blocks:begin -->"
END = "<!-- blocks:end -->"
RECIPES = ["cpu-cache", "vector-engine", "many-tiles", "large-memories", "memory-array",
           "network-switch", "mixed"]
MAX_FANOUT = 500  # clock and reset say nothing
MAX_GRAPH_PINS = 20  # larger nets stay out of the graph to be cut, but count as terminals
NODE = re.compile(r'^node \{\n(.*?)^\}', re.M | re.S)
NAME = re.compile(r'name: "([^"]*)"')
INPUT = re.compile(r'input: "([^"]*)"')
ATTRIBUTE = re.compile(r'key: "(\w+)"\s+value \{\s+(?:f|placeholder): "?([^"\n]*)"?')


def read_blocks(path):
    """Nodes of a netlist: name to (kind, sinks, attributes)."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        text = file.read()
    nodes = {}
    for block in NODE.findall(text):
        attributes = dict(ATTRIBUTE.findall(block))
        nodes[NAME.search(block).group(1)] = (attributes.get("type", "").lower(),
                                              INPUT.findall(block), attributes)
    size = re.search(r"^# Width : (\S+)\s+Height : (\S+)", text, re.M)
    return nodes, size


def kind_of(name, node):
    return "cluster" if node[0] == "macro" and name.startswith("Grp_") else node[0]


def area(nodes, names):
    return sum(float(nodes[n][2]["width"]) * float(nodes[n][2]["height"]) for n in names)


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else 0


def describe(path, plc=None):
    nodes, size = read_blocks(path)
    if plc:
        with open(plc, encoding="utf-8") as file:
            size = re.search(r"^# Width : (\S+)\s+Height : (\S+)", file.read(), re.M)
    by_kind = collections.defaultdict(list)
    for name, node in nodes.items():
        by_kind[kind_of(name, node)].append(name)
    hard, soft = by_kind["macro"], by_kind["cluster"] + by_kind["stdcell"]
    of_hard = set(hard)
    pins = sum(nodes[n][2]["macro_name"] in of_hard for n in by_kind["macro_pin"])
    nets = [len(set(node[1])) + 1 for node in nodes.values() if node[1]]
    kept = [degree for degree in nets if degree <= MAX_FANOUT + 1]
    weights = [float(node[2].get("weight", 1.0)) for node in nodes.values() if node[1]]
    hard_area, soft_area = area(nodes, hard), area(nodes, soft)
    entry = {"macros": len(hard), "cells": len(by_kind["stdcell"]),
             "clusters": len(by_kind["cluster"]), "ports": len(by_kind["port"]),
             "nodes": len(hard) + len(soft) + len(by_kind["port"]), "nets": len(nets),
             "pins_per_macro": pins / len(hard), "degree_mean": statistics.mean(kept),
             "two_pin": sum(d == 2 for d in kept) / len(kept),
             "degree_90": percentile(kept, 0.9), "degree_max": max(kept),
             "weight_mean": statistics.mean(weights), "weight_90": percentile(weights, 0.9),
             "weight_max": max(weights), "hard_share": hard_area / (hard_area + soft_area)}
    if size:
        entry["utilisation"] = (hard_area + soft_area) / float(size[1]) / float(size[2])
    if by_kind["stdcell"]:
        entry["rent"] = rent_exponent(nodes, by_kind["stdcell"])
    return entry


def cell_nets(nodes, cells):
    """For each net its cells, and whether it has a port or a macro pin."""
    index = {name: i for i, name in enumerate(cells)}
    nets = []
    for name, node in nodes.items():
        if node[1] and len(node[1]) <= MAX_FANOUT:
            ends = {name, *node[1]}
            inside = [index[end] for end in ends if end in index]
            nets.append((inside, len(inside) < len(ends)))
    return nets


def bisect(num_cells, nets, parts):
    """Parts of the cells by METIS's recursive bisection of the cliques of the nets, or None."""
    library = ctypes.util.find_library("metis")
    if not library:
        return None
    edges = [collections.defaultdict(int) for _ in range(num_cells)]
    for cells, _ in nets:
        if 2 <= len(cells) <= MAX_GRAPH_PINS:
            weight = max(1, round(60 / (len(cells) - 1)))
            for a in cells:
                for b in cells:
                    if a != b:
                        edges[a][b] += weight
    start, ends, weights = [0], [], []
    for neighbours in edges:
        ends.extend(neighbours.keys())
        weights.extend(neighbours.values())
        start.append(len(ends))

    def array(values):
        return (ctypes.c_int32 * len(values))(*values)

    options = (ctypes.c_int32 * 40)()
    metis = ctypes.CDLL(library)
    metis.METIS_SetDefaultOptions(options)
    options[8] = 1  # seed
    cut, result = ctypes.c_int32(), (ctypes.c_int32 * num_cells)()
    number = [ctypes.byref(ctypes.c_int32(n)) for n in (num_cells, 1, parts)]
    status = metis.METIS_PartGraphRecursive(number[0], number[1], array(start), array(ends), None,
                                            None, array(weights), number[2], None, None, options,
                                            ctypes.byref(cut), result)
    return list(result) if status == 1 else None


def rent_exponent(nodes, cells, levels=8):
    """Slope of log terminals over log cells for the means of 2^levels, ..., 8 parts."""
    nets = cell_nets(nodes, cells)
    parts = bisect(len(cells), nets, 2 ** levels)
    if parts is None:
        return None
    points = []
    for level in range(3, levels + 1):
        terminals = 0
        for inside, leaves in nets:
            touched = {parts[c] >> (levels - level) for c in inside}
            terminals += len(touched) if leaves or len(touched) > 1 else 0
        points.append((math.log(len(cells) / 2 ** level), math.log(terminals / 2 ** level)))
    mean_x = statistics.mean(x for x, _ in points)
    mean_y = statistics.mean(y for _, y in points)
    return (sum((x - mean_x) * (y - mean_y) for x, y in points)
            / sum((x - mean_x) ** 2 for x, _ in points))


def generate(args, recipe, seed, flat):
    name = f"{recipe}_{seed}" + ("_flat" if flat else "")
    subprocess.run([args.tessera, "generate", "--recipe", recipe, "--seed", str(seed), "--name", name,
                    "-o", str(args.output)] + (["--flat"] if flat else []), check=True,
                   stdout=subprocess.DEVNULL)
    return args.output / f"{name}.pb.txt.gz", None if flat else args.output / f"{name}.plc"


def jobs(args):
    for recipe in args.recipes:
        for seed in args.seeds:
            for flat in (False, True):
                yield recipe, "flat" if flat else "clustered", seed, \
                    lambda r=recipe, s=seed, f=flat: generate(args, r, s, f)
    for folder in sorted((args.benchmarks / "clustered").glob("*")):
        yield folder.name, "clustered", 0, \
            lambda f=folder: (f / "netlist.pb.txt.gz", f / "initial.plc")
        flat = args.benchmarks / "flat" / f"{folder.name}.pb.txt.gz"
        if flat.exists():
            yield folder.name, "flat", 0, lambda f=flat, c=folder: (f, c / "initial.plc")


COLUMNS = {
    "clustered": [("nodes", "nodes", ",.0f"), ("macros", "macros", ",.0f"),
                  ("clusters", "clusters", ",.0f"), ("ports", "ports", ",.0f"),
                  ("nets", "nets", ",.0f"), ("pins per macro", "pins_per_macro", ".0f"),
                  ("net degree", "degree_mean", ".2f"), ("2-pin", "two_pin", ".2f"),
                  ("90 %", "degree_90", ".0f"), ("max", "degree_max", ".0f"),
                  ("weight", "weight_mean", ".2f"), ("90 %", "weight_90", ".0f"),
                  ("max", "weight_max", ".0f"), ("macro area share", "hard_share", ".2f"),
                  ("utilisation", "utilisation", ".2f")],
    "flat": [("cells", "cells", ",.0f"), ("nets", "nets", ",.0f"),
             ("net degree", "degree_mean", ".2f"), ("2-pin", "two_pin", ".2f"),
             ("90 %", "degree_90", ".0f"), ("max", "degree_max", ".0f"),
             ("macro area share", "hard_share", ".2f"), ("utilisation", "utilisation", ".2f"),
             ("Rent exponent", "rent", ".2f")],
}


def summary(values, style):
    values = [value for value in values if value is not None]
    if not values:
        return "–"
    text = f"{statistics.median(values):{style}}"
    if len(values) == 1:
        return text
    return f"{text} ({min(values):{style}} to {max(values):{style}})"


def table(entries, kind):
    columns = COLUMNS[kind]
    lines = ["| block | " + " | ".join(title for title, _, _ in columns) + " |",
             "| --- |" + " ---: |" * len(columns)]
    groups = collections.defaultdict(list)
    for entry in entries:
        if entry["kind"] == kind:
            groups[(not entry["seed"], entry["name"])].append(entry)
    for (_, name), members in sorted(groups.items(), key=lambda item: item[0][0]):
        cells = [summary([m.get(key) for m in members], style) for _, key, style in columns]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--document", type=pathlib.Path)
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--benchmarks", type=pathlib.Path, default=pathlib.Path("../shared/benchmarks"))
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/block_statistics"))
    parser.add_argument("--recipes", nargs="*", default=RECIPES)
    parser.add_argument("--seeds", nargs="*", type=int, default=[1, 2, 3])
    parser.add_argument("--table-only", action="store_true", help="measure nothing")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    for name, kind, seed, make in [] if args.table_only else jobs(args):
        entry = {"name": name, "kind": kind, "seed": seed, **describe(*make())}
        with args.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        print(name, kind, seed, flush=True)
    latest = {}
    for line in args.file.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        latest[(entry["name"], entry["kind"], entry["seed"])] = entry
    entries = list(latest.values())
    lines = ["Clustered:", "", *table(entries, "clustered"), "", "Flat:", "", *table(entries, "flat")]
    if not args.document:
        print("\n".join(lines))
        return
    head, rest = args.document.read_text(encoding="utf-8").split(BEGIN)
    text = "\n".join(lines)
    args.document.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
