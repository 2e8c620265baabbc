#!/usr/bin/env python3
"""How well costs of clusters predict the wires of the flat netlist, over diverse macro placements.

For each block: clusters the flat netlist once, makes hard-macro placements of many kinds in the die
(random, packed, greedy, annealed to many depths and with many weightings, mixed-size, the commercial
tool's, and mirror images of these), and measures each: flat wirelength and use of the routing edges by
`tessera cost --flat`, for some also with the cells in rows; proxy parts with the published routing
constants and with real ones, clusters placed by either solver. Writes rank correlations (Kendall's tau-b
with a bootstrap interval) of candidate objectives with the flat wirelength and with the use of edges.
Finished measurements are appended to a .jsonl file and skipped when they are there already.
"""
import argparse
import concurrent.futures
import json
import pathlib
import random
import re
import subprocess
import threading

import results_file

TRACKS = {"ng45": ("12.6,14.3", "7.14,8.83"),
          "asap7": ("89.236,76.736", "48.611,27.778"),
          "sky130hd": ("7.967,7.673", "5.115,5.115")}
PUBLISHED = ("57.031,56.818", "39.583,30.303")
SOLVERS = ("gradient", "circuit-training")
WEIGHTS = ("1,0.5,0.5", "1,0,0", "1,0.1,0.1", "1,1,0", "1,0,1")
LOCK = threading.Lock()


def kinds(seeds):
    """Name and flags of `place` of each kind of placement, before mirror images."""
    for seed in range(1, seeds + 1):
        yield f"random {seed}", ["--policy", "none", "--effort", "zero-shot", "--seed", seed]
    for policy in ("spiral", "greedy"):
        for order in ("area", "connectivity"):
            yield f"{policy} {order}", ["--policy", policy, "--effort", "zero-shot", "--order", order]
    for evals in (0, 3000, 30000, 300000):
        for weights in WEIGHTS:
            for seed in range(1, max(seeds // 5, 1) + 1):
                yield (f"annealed {evals} {weights} {seed}",
                       ["--policy", "none", "--evals", evals, "--weights", weights, "--objective",
                        "proxy", "--seed", seed])
    for starts in (1, 2, 4):
        for cap in (0.5, 0.7, 0.9):
            yield (f"mixed-size {starts} {cap}",
                   ["--policy", "none", "--evals", 0, "--flat-trials", starts, "--density-cap", cap])


def is_in_rows(name):
    """Whether to put the cells into rows, which takes as long as placing them."""
    return "mirrored" not in name and (not name.startswith(("annealed", "random")) or
                                       name.endswith((" 1", " 2")))


def mirrored(plc, axis, path):
    """Writes a .plc with all macros mirrored along an axis of its canvas."""
    flips = {"x": {"N": "FN", "FN": "N", "S": "FS", "FS": "S", "E": "FE", "FE": "E", "W": "FW",
                   "FW": "W"},
             "y": {"N": "FS", "FS": "N", "S": "FN", "FN": "S", "E": "FW", "FW": "E", "W": "FE",
                   "FE": "W"}}[axis]
    lines = plc.read_text(encoding="utf-8").splitlines()
    sides = next(re.match(r"# Width : ([0-9.e+]+) +Height : ([0-9.e+]+)", line) for line in lines
                 if line.startswith("# Width"))
    rows = []
    for line in lines:
        words = line.split()
        if not line.startswith("#") and len(words) == 5 and words[3] in flips:
            place = 1 if axis == "x" else 2
            words[place] = repr(float(sides[place]) - float(words[place]))
            words[3] = flips[words[3]]
            line = " ".join(words)
        rows.append(line)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def tessera(args, *words):
    done = subprocess.run([str(word) for word in (args.tessera, *words)], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return json.loads(done.stdout)


class Block:
    """A flat netlist, its clusters, and where files of the block go."""

    def __init__(self, args, name):
        self.args, self.name = args, name
        self.folder = args.output / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.flat = args.benchmarks / "flat" / f"{name}.pb.txt.gz"
        self.clusters = self.folder / "clusters.pb.txt.gz"
        self.header = self.folder / "clusters.plc"
        self.tracks = TRACKS[name.split("_")[0]]
        if not self.header.exists():
            tessera(args, "cluster", self.flat, "--positions",
                    "analytic", "-o", self.clusters, "-o", self.header, "--json")

    def place(self, name, flags):
        """The placement of a kind, as a .plc of the clusters."""
        # Commas part file names on the command line.
        plc = self.folder / f"{name.replace(' ', '_').replace(',', '-')}.plc"
        if plc.exists():
            return plc
        mixed = name.startswith("mixed-size")
        source = [self.flat] if mixed else [self.clusters, "--plc", self.header]
        more = ["-o", self.netlist_of(plc)] if mixed else []
        tessera(self.args, "place", *source, *flags, "--threads", 1, "-q", "--json", *more, "-o", plc)
        return plc

    def netlist_of(self, plc):
        """From the flat netlist, `place` makes clusters of its own."""
        own = plc.stem.split(".x")[0].split(".y")[0]
        return self.folder / f"{own}.pb.txt.gz" if own.startswith("mixed-size") else self.clusters

    def measure(self, plc, in_rows):
        """The flat wires, of cells in rows as well or not, and the parts of the proxy by constants and solver."""
        netlist = self.netlist_of(plc)
        rows = [] if in_rows else ["--no-legalize"]
        flat = tessera(self.args, "cost", self.flat, "--flat", "--macros-from", f"{netlist},{plc}",
                       "--tracks", self.tracks[0], "--macro-tracks", self.tracks[1], "--threads", 1,
                       *rows, "--json")["flat"]
        entry = {"hpwl_um": flat["hpwl_um"], "legal_hpwl_um": flat.get("legal_hpwl_um"),
                 "ace": flat["ace"], "costs": {}}
        for solver in SOLVERS:
            around = self.folder / f"{plc.stem}.{solver}.plc"
            tessera(self.args, "place", netlist, "--plc", plc, "--fix", ".*", "--policy", "none",
                    "--effort", "zero-shot", "--cluster-placer", solver, "--threads", 1, "-q", "--json",
                    "-o", around)
            for constants, (routes, macro_routes) in (("published", PUBLISHED), ("real", self.tracks)):
                cost = tessera(self.args, "cost", netlist, "--plc", around, "--routes", routes,
                               "--macro-routes", macro_routes, "--json")["cost"]
                entry["costs"][f"{solver}, {constants}"] = {
                    part: cost[part] for part in ("wirelength", "density", "congestion")}
        return entry


def objectives():
    """Name, key of the costs, and weights of wirelength, density and congestion."""
    for solver in SOLVERS:
        for constants in ("published", "real"):
            for weights in ((1, 0.5, 0.5), (1, 0.1, 0.1), (1, 0.02, 0.02)):
                yield f"proxy {weights}, {constants} tracks, {solver}", f"{solver}, {constants}", weights
        yield f"wirelength of the clusters, {solver}", f"{solver}, real", (1, 0, 0)


def kendall_tau(a, b):
    """Kendall's tau-b."""
    concordant = discordant = ties_a = ties_b = 0
    for i in range(len(a)):
        for j in range(i):
            x, y = a[i] - a[j], b[i] - b[j]
            ties_a += x == 0 and y != 0
            ties_b += y == 0 and x != 0
            concordant += x * y > 0
            discordant += x * y < 0
    pairs = concordant + discordant
    scale = ((pairs + ties_a) * (pairs + ties_b)) ** 0.5
    return (concordant - discordant) / scale if scale else 0.0


def interval(a, b, samples=200):
    """2.5 % and 97.5 % points of tau over resampled placements."""
    rng = random.Random(1)
    taus = []
    for _ in range(samples):
        chosen = [rng.randrange(len(a)) for _ in a]
        taus.append(kendall_tau([a[i] for i in chosen], [b[i] for i in chosen]))
    taus.sort()
    return taus[int(0.025 * samples)], taus[int(0.975 * samples) - 1]


def value(entry, key, weights):
    parts = entry["costs"][key]
    return sum(weight * parts[term] for weight, term in
               zip(weights, ("wirelength", "density", "congestion")))


def correlation(pairs):
    a, b = zip(*pairs)
    low, high = interval(a, b)
    return f"{kendall_tau(a, b):.2f} ({low:.2f} to {high:.2f})"


def scaled(entry):
    """What the search on the flat netlist minimises, as far as ACE at 1 % is the mean of ACE."""
    use = entry["ace"]["1"]
    return entry["hpwl_um"] * (1.0 + 4.0 * use + 3.0 * max(use - 0.7, 0.0))


def table(entries, of):
    """Correlations of each objective with `of` an entry, block by block."""
    blocks = sorted({entry["block"] for entry in entries})
    mine = {block: [entry for entry in entries if entry["block"] == block] for block in blocks}
    lines = ["| objective | " + " | ".join(f"`{block}`" for block in blocks) + " |",
             "| --- |" + " ---: |" * len(blocks)]

    def line(name, objective, target=of, chosen=lambda entry: True):
        row = [correlation([(objective(entry), target(entry)) for entry in mine[block] if chosen(entry)])
               for block in blocks]
        lines.append(f"| {name} | " + " | ".join(row) + " |")

    for name, key, weights in objectives():
        line(name, lambda entry: value(entry, key, weights))
    if of is wires:
        line("flat placement, its wirelength, with that in rows", wires,
             lambda entry: entry["legal_hpwl_um"], lambda entry: entry["legal_hpwl_um"])
        line("flat placement, wirelength scaled for the use of edges, with that in rows", scaled,
             lambda entry: entry["legal_hpwl_um"], lambda entry: entry["legal_hpwl_um"])
    else:
        line("flat placement, its wirelength", wires)
        line("flat placement, wirelength scaled for the use of edges", scaled)
    counts = " | ".join(str(len(mine[block])) for block in blocks)
    return "\n".join([*lines, f"| placements | {counts} |"])


def wires(entry):
    return entry["hpwl_um"]


def use_of_edges(entry):
    return entry["ace"]["1"]


def plot(entries, folder):
    """Flat wirelength over two objectives, a picture a block."""
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
    matplotlib.rcParams["svg.hashsalt"] = "tessera"
    shown = {"published proxy": ("circuit-training, published", (1, 0.5, 0.5)),
             "wirelength of the clusters": ("gradient, real", (1, 0, 0))}
    families = ("random", "spiral", "greedy", "annealed", "mixed-size", "commercial")
    colours = ("#999999", "#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00")
    for block in sorted({entry["block"] for entry in entries}):
        figure, axes = pyplot.subplots(1, 2, figsize=(8, 3.4), sharey=True, layout="constrained")
        for axis, (name, (key, weights)) in zip(axes, shown.items()):
            for family, colour in zip(families, colours):
                dots = [(value(entry, key, weights), wires(entry) / 1e6) for entry in entries
                        if entry["block"] == block and entry["placement"].startswith(family)]
                axis.scatter(*zip(*dots), s=60 if family == "commercial" else 12, color=colour,
                             marker="*" if family == "commercial" else "o", label=family)
            axis.set_xlabel(name)
        axes[0].set_ylabel("flat HPWL, m")
        axes[1].legend(fontsize="small")
        figure.suptitle(block)
        figure.savefig(folder / f"objective_{block}.svg", metadata={"Date": None})
        pyplot.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--benchmarks", type=pathlib.Path, required=True,
                        help="folder with flat/ and clustered/")
    parser.add_argument("--document", type=pathlib.Path, help="takes the tables")
    parser.add_argument("--plots", type=pathlib.Path, help="folder for pictures (needs matplotlib)")
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/calibration"))
    parser.add_argument("--blocks", nargs="+",
                        default=["ng45_ariane133", "ng45_ariane136", "ng45_nvdla", "ng45_mempool_tile"])
    parser.add_argument("--seeds", type=int, default=20, help="random placements; others in proportion")
    parser.add_argument("--jobs", type=int, default=2, help="placements at the same time")
    args = parser.parse_args()

    entries = results_file.load(args.file)
    done = {(entry["block"], entry["placement"]) for entry in entries}

    def take(block, name, plc):
        if (block.name, name) in done:
            return
        entry = {"block": block.name, "placement": name, **block.measure(plc, is_in_rows(name))}
        with LOCK:
            entries.append(entry)
            results_file.append(args.file, entry)
        print(f"{block.name} {name}: {entry['hpwl_um'] / 1e6:.4f} m", flush=True)

    def run(block, name, flags):
        plc = block.place(name, flags)
        take(block, name, plc)
        if name.endswith(" 1") or "area" in name:
            for axis in "xy":
                image = plc.with_name(f"{plc.stem}.{axis}.plc")
                take(block, f"{name}, mirrored along {axis}", mirrored(plc, axis, image))

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for block in [Block(args, name) for name in args.blocks]:
            futures = [pool.submit(run, block, name, flags) for name, flags in kinds(args.seeds)]
            # The positions in the flat netlist are the commercial tool's.
            futures.append(pool.submit(take, block, "commercial", block.header))
            for future in futures:
                future.result()
    entries = [entry for entry in entries if entry["block"] in args.blocks]
    if args.document and entries:
        results_file.replace_table(args.document, "objective-wires", table(entries, wires))
        results_file.replace_table(args.document, "objective-edges", table(entries, use_of_edges))
    if args.plots and entries:
        plot(entries, args.plots)


if __name__ == "__main__":
    main()
