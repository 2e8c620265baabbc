#!/usr/bin/env python3
"""Runs commands whose outputs go to a disk with less and less room, and looks at what they leave there.

The disk is a file system in memory (needs root, to mount it). It holds the outputs of an earlier run, and room for a
part of the new ones. Every output must then be the earlier or the new one, whole; the exit code must be 0 if all are
new and 1 otherwise, with a message that names the file; no temporary file may be left.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys


def run(words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Disk:
    def __init__(self, folder, size):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", self.folder], check=True)


def commands(args):
    """By name: the words before `--seed`, and the names of the outputs."""
    netlist, plc = args.netlist, args.plc
    train = ["--corpus", netlist, "--episodes", 2, "--blocks", 1, "--iterations", 1, "--evaluation-interval", 1000]
    return {
        "place": (["place", netlist, "--evals", 2000, "--threads", 2],
                  ["out.plc", "out.pb.txt.gz", "out.svg", "out.pb.txt"]),
        "refine": (["refine", netlist, "--plc", plc, "--evals", 2000, "--threads", 2], ["out.plc", "out.svg"]),
        "pretrain": (["pretrain", *train, "--threads", 2], ["out.safetensors"]),
    }


def try_sizes(args, name, words, outputs):
    """Returns a line on what came out; ends the program at the first fault."""
    work = args.output / name
    shutil.rmtree(work, ignore_errors=True)
    runs = {}
    for seed in (1, 2):
        folder = work / f"seed{seed}"
        folder.mkdir(parents=True)
        done = run([args.tessera, *words, "--seed", seed, "-q",
                    *(word for output in outputs for word in ("-o", folder / output))])
        if done.returncode != 0:
            sys.exit(f"FAILED: {name} without any fault: {done.stderr}")
        runs[seed] = contents(folder)
    earlier, new = runs[1], runs[2]
    # Logs and metrics grow line by line and may end early.
    whole = {output: (earlier[output], new[output]) for output in outputs}
    page = 4096
    pages = {file: -(-len(content) // page) for file, content in earlier.items()}
    base = sum(pages.values())
    most = sum(-(-len(content) // page) for content in new.values()) + 2
    failed = kept = 0
    for step in range(args.sizes):
        spare = step * most // (args.sizes - 1)
        with Disk(work / "disk", (base + spare) * page) as disk:
            for file in outputs:
                (disk.folder / file).write_bytes(earlier[file])
            done = run([args.tessera, *words, "--seed", 2, "-q",
                        *(word for output in outputs for word in ("-o", disk.folder / output))])
            found = contents(disk.folder)
        where = f"{name} with room for {spare} pages"
        for output, (before, after) in whole.items():
            content = found.get(output)
            if content not in (before, after) and not (name == "pretrain" and can_be_used(args, content, work)):
                sys.exit(f"FAILED: {where}: {output} is neither the earlier output nor the new one")
            kept += content == before
        left = [file for file in found if file.startswith(".")]
        if left:
            sys.exit(f"FAILED: {where}: left {left}")
        any_kept = any(found[output] == before != after for output, (before, after) in whole.items())
        if done.returncode != (1 if any_kept else 0):
            sys.exit(f"FAILED: {where}: exit code {done.returncode}: {done.stderr}")
        if any_kept and "No space left on device" not in done.stderr:
            sys.exit(f"FAILED: {where}: the message says nothing of it: {done.stderr}")
        failed += any_kept
    return f"{name}: {args.sizes} disks, {failed} too small, on which {kept} outputs stayed the earlier ones; all outputs whole"


def can_be_used(args, content, folder):
    """Whether a checkpoint, which holds times and so is never the same twice, is whole: it places."""
    if content is None:
        return False
    (folder / "found.safetensors").write_bytes(content)
    return run([args.tessera, "place", args.netlist, "--policy", folder / "found.safetensors", "--effort", "zero-shot",
                "--samples", 1, "-q", "-o", folder / "found.plc"]).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--netlist", default="data/blocks/small_large_macros.pb.txt.gz")
    parser.add_argument("--plc", default="data/blocks/small_large_macros.plc", help="what refine starts from")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder")
    parser.add_argument("--sizes", type=int, default=25, help="of disks for each command")
    parser.add_argument("--commands", nargs="+")
    args = parser.parse_args()
    for name, (words, outputs) in commands(args).items():
        if not args.commands or name in args.commands:
            print(try_sizes(args, name, words, outputs), flush=True)


if __name__ == "__main__":
    main()
