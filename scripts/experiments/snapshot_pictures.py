#!/usr/bin/env python3
"""One picture of what a policy places as its training goes on, from scratch beside fine-tuned.

Takes the pictures that `finetune_table.py --snapshots DIR` leaves in DIR, a row for each start and a column for each
time, and writes them as one small SVG: hard macros as rectangles, clusters as points, the proxy of each placement
above it.
"""
import argparse
import json
import pathlib
import re
import subprocess

from finetune_table import SNAPSHOT_MINUTES, STARTS

SIDE = 210   # of a panel, pixels
GAP = 14
HEAD = 34    # above each panel
RECTANGLE = re.compile(r'<rect class="(canvas|hard|soft)[^"]*" x="([-\d.]+)" y="([-\d.]+)" '
                       r'width="([\d.]+)" height="([\d.]+)"')
STYLE = ("text{font-family:Helvetica,Arial,sans-serif;font-size:11px;fill:#1b1f24}"
         ".canvas{fill:#fff;stroke:#4a535c}.hard{fill:#a9cbe8;stroke:#1f5a8c;stroke-width:.6}"
         ".soft{stroke:#e69f00;stroke-width:2.2;stroke-linecap:round;fill:none}")


def number(value):
    return f"{value:.1f}".rstrip("0").rstrip(".")


def panel(path):
    """The rectangles of a picture of the program, scaled into a panel."""
    found = [(kind, *map(float, box)) for kind, *box in RECTANGLE.findall(path.read_text(encoding="utf-8"))]
    _, left, top, width, height = next(shape for shape in found if shape[0] == "canvas")
    scale = SIDE / max(width, height)
    found = [shape for shape in found if shape[2] < top + height]  # the rest is the legend
    points = "".join(f"M{number((x + w / 2 - left) * scale)} {number((y + h / 2 - top) * scale)}h0"
                     for kind, x, y, w, h in found if kind == "soft")
    macros = "".join(f'<rect x="{number((x - left) * scale)}" y="{number((y - top) * scale)}" '
                     f'width="{number(w * scale)}" height="{number(h * scale)}"/>\n'
                     for kind, x, y, w, h in found if kind == "hard")
    return (f'<rect class="canvas" width="{number(width * scale)}" height="{number(height * scale)}"/>\n'
            f'<path class="soft" d="{points}"/>\n<g class="hard">\n{macros}</g>\n')


def proxy_of(args, plc):
    folder = args.benchmarks / "clustered" / args.block
    report = subprocess.run([args.tessera, "cost", folder / "netlist.pb.txt.gz", "--plc", plc, "--json", "-q"],
                            check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(report)["cost"]["proxy"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("snapshots", type=pathlib.Path, help="folder that finetune_table.py --snapshots wrote")
    parser.add_argument("picture", type=pathlib.Path, help="the .svg to write")
    parser.add_argument("--benchmarks", type=pathlib.Path, required=True, help="folder with clustered/")
    parser.add_argument("--block", default="ng45_nvdla")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", nargs="+", type=int, default=[*SNAPSHOT_MINUTES, 30])
    parser.add_argument("--tessera", default="build/bin/tessera")
    args = parser.parse_args()

    shapes = []
    for row, start in enumerate(reversed(STARTS)):
        for column, minutes in enumerate(args.minutes):
            stem = f"{args.block}.{start.replace(' ', '_')}.{args.seed}.{minutes}min"
            proxy = proxy_of(args, args.snapshots / f"{stem}.plc")
            x, y = GAP + column * (SIDE + GAP), HEAD + row * (SIDE + HEAD)
            shapes.append(f'<g transform="translate({x} {y})"><text y="-8">from {start}, {minutes} min: '
                          f'{proxy:.4f}</text>\n{panel(args.snapshots / f"{stem}.svg")}</g>\n')
    width = GAP + len(args.minutes) * (SIDE + GAP)
    height = len(STARTS) * (SIDE + HEAD) + GAP
    args.picture.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
        f'<style>{STYLE}</style>\n<rect width="{width}" height="{height}" fill="#fff"/>\n{"".join(shapes)}</svg>\n',
        encoding="utf-8")


if __name__ == "__main__":
    main()
