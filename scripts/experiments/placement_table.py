#!/usr/bin/env python3
"""Writes the costs of `BLOCK.NAME.json` files of `tessera place --json` as a table into a document.

The table replaces what stands between the lines `<!-- placements:begin -->` and
`<!-- placements:end -->`.
"""
import argparse
import json
import pathlib

BEGIN = "<!-- placements:begin -->"
END = "<!-- placements:end -->"
RUNS = ["random", "random-best-of-64", "zero-shot", "best-of-64"]


def row(folder, block):
    cells = [f"`{block}`"]
    for run in RUNS:
        document = json.loads((folder / f"{block}.{run}.json").read_text(encoding="utf-8"))
        cost = document["cost"]
        legal = "" if document["legal"] else " (not legal)"
        cells.append(f"{cost['proxy']:.4f}{legal}, {document['time_s']['total']:.2f} s")
    parts = [f"{cost[name]:.4f}" for name in ("wirelength", "density", "congestion")]
    cells += [" / ".join(parts), f"{cost['proxy_jittered']:.4f}"]
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--document", type=pathlib.Path, required=True)
    args = parser.parse_args()

    blocks = sorted(path.name.split(".")[0] for path in args.folder.glob("*.zero-shot.json"))
    head = ["block", "random", "random, best of 64", "policy, greedy", "policy, best of 64",
            "wirelength / density / congestion of the last", "the last, jittered"]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    lines += [row(args.folder, block) for block in blocks]

    document = args.document.read_text(encoding="utf-8")
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    text = "\n".join(lines)
    args.document.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
