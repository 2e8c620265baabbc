#!/usr/bin/env python3
"""Places the public LEF/DEF designs, reads synthetic DEFs of growing size, and writes the tables.

Runs are appended to a .jsonl file; the tables, of its latest run of each kind, replace what stands
between `<!-- lefdef:begin -->` and `<!-- lefdef:end -->` in the document.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

from timed_run import timed

BEGIN = "<!-- lefdef:begin -->"
END = "<!-- lefdef:end -->"
SCRIPTS = pathlib.Path(__file__).resolve().parent.parent


def designs(folder):
    """Name, DEF and LEFs of each complete public design."""
    asap7 = sorted((folder / "asap7" / "lef").glob("*.lef.gz"))
    sky130 = folder / "sky130hd" / "lef"
    stack = [sky130 / "9M_li_2Ma_2Mb_2Mc_2Md_1Me.tlef.gz", *sorted(sky130.glob("*.lef.gz"))]
    ct = [folder / "ct_ariane" / "ariane.lef.gz"]
    return [("CT_ariane", folder / "ct_ariane" / "ariane.def.gz", ct),
            ("CT_ariane_X2_xflip", folder / "ct_ariane" / "ariane_X2_xflip.def.gz", ct),
            ("asap7_ariane133", folder / "asap7" / "ariane133.def.gz", asap7),
            ("asap7_ariane136", folder / "asap7" / "ariane136.def.gz", asap7),
            ("sky130hd_ariane136", folder / "sky130hd" / "ariane136.def.gz", stack)]


def lef_flags(lefs):
    return [word for lef in lefs for word in ("--lef", str(lef))]


def place(args, name, design, lefs):
    placed = args.output / f"{name}.def"
    run = timed(
        [args.tessera, "place", str(design), *lef_flags(lefs), "--policy", "none", "--effort", "fast",
         "-q", "--json", "-o", str(placed), "-o", str(args.output / f"{name}.tcl")])
    report = json.loads(run.text)
    checked = subprocess.run([sys.executable, SCRIPTS / "check_def.py", design, placed,
                              *lef_flags(lefs), "--json"], stdout=subprocess.PIPE, text=True)
    return {"kind": "place", "name": name, "wall_s": run.wall_s, "memory_mb": run.memory_mb,
            "proxy": report["cost"]["proxy"], "hard_macros": report["design"]["hard_macros"],
            "clusters": report["design"]["soft_macros"], "grid": report["design"]["grid"],
            "cluster_s": report["time_s"]["cluster"], "check": checked.returncode,
            "flat": {name: report["flat"].get(name)
                     for name in ("winner", "made", "hpwl_um", "legal_hpwl_um", "edge_use")},
            "clusters_hpwl_um": report["flat"]["trials"][0].get("hpwl_um"),
            "tessera": report["tessera"]}


def read(args, components):
    design = args.output / f"made_{components}.def.gz"
    lef = args.output / f"made_{components}.lef"
    subprocess.run([sys.executable, SCRIPTS / "make_def.py", str(components), design, "--lef-out",
                    lef], check=True, stdout=subprocess.DEVNULL)
    runs = [timed([args.tessera, "info", str(design), "--lef", str(lef), "--json"])
            for _ in range(3)]
    report = json.loads(runs[0].text)
    return {"kind": "read", "name": str(components),
            "nets": report["lefdef"]["nets"], "connections": report["lefdef"]["connections"],
            "wall_s": statistics.median(run.wall_s for run in runs),
            "memory_mb": statistics.median(run.memory_mb for run in runs), "tessera": report["tessera"]}


def metres(length_um):
    return f"{length_um / 1e6:.3f}" if length_um else ""


def tables(entries):
    latest = {(entry["kind"], entry["name"]): entry for entry in entries}
    lines = [f"tessera {entries[-1]['tessera']}, 2 threads.", "",
             "| design | macros | clusters | grid | proxy | clustering, s | placements judged | "
             "winner | flat HPWL in rows, m | that of the least proxy's macros, not in rows | edge use | "
             "whole command, s | memory, MB | check |",
             "| --- | ---: | ---: | --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | --- |"]
    for (kind, name), e in latest.items():
        if kind == "place":
            flat = e["flat"]
            lines.append(f"| `{name}` | {e['hard_macros']} | {e['clusters']} | "
                         f"{e['grid'][0]} x {e['grid'][1]} | {e['proxy']:.4f} | {e['cluster_s']:.1f} | "
                         f"{1 + flat['made']} | {flat['winner']} | {metres(flat['legal_hpwl_um'])} | "
                         f"{metres(e['clusters_hpwl_um'])} | {flat['edge_use']:.3f} | "
                         f"{e['wall_s']:.1f} | {e['memory_mb']:.0f} | "
                         f"{'no faults' if e['check'] == 0 else 'FAULTS'} |")
    lines += ["", "| components | nets | connections | `info`, s (median of 3) | memory, MB |",
              "| ---: | ---: | ---: | ---: | ---: |"]
    for (kind, name), e in latest.items():
        if kind == "read":
            lines.append(f"| {int(name):,} | {e['nets']:,} | {e['connections']:,} | "
                         f"{e['wall_s']:.2f} | {e['memory_mb']:.0f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path, help="the .jsonl to append to")
    parser.add_argument("--document", type=pathlib.Path, required=True)
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--benchmarks", type=pathlib.Path, default=pathlib.Path("../shared/benchmarks"))
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("build/lefdef_table"))
    parser.add_argument("--components", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)

    runs = [lambda d=d: place(args, *d) for d in designs(args.benchmarks / "lefdef")]
    runs += [lambda n=n: read(args, n) for n in args.components]
    for run in runs:
        entry = run()
        with args.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        print(f"{entry['kind']} {entry['name']}: {entry['wall_s']:.1f} s", flush=True)
    entries = [json.loads(line) for line in args.file.read_text(encoding="utf-8").splitlines()]
    head, rest = args.document.read_text(encoding="utf-8").split(BEGIN)
    args.document.write_text(f"{head}{BEGIN}\n{tables(entries)}\n{END}{rest.split(END)[1]}",
                             encoding="utf-8")


if __name__ == "__main__":
    main()
