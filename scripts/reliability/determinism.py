#!/usr/bin/env python3
"""Runs commands again and again, on different numbers of threads, and compares their outputs byte for byte.

With a quota of work instead of a time, what `tessera` writes depends on inputs, options and seed alone.
Ends with exit code 1 if any two outputs of a command differ. With `--other` a program built by another compiler
runs, too; its costs are printed beside, and have to agree only where nothing is chosen (`cost`).
"""
import argparse
import hashlib
import json
import pathlib
import subprocess
import sys


def cases(args):
    block = ["data/blocks/small_balanced.pb.txt.gz"]
    flat = args.output / "flat.pb.txt.gz"
    design = ["data/lefdef/small.def", "--lef", "data/lefdef/small_tech.lef"]
    return {
        "zero-shot": (["place", *block, "--effort", "zero-shot"], ["plc"]),
        "samples": (["place", *block, "--effort", "zero-shot", "--samples", 12], ["plc"]),
        "free": (["place", *block, "--evals", 40000], ["plc", "pb.txt.gz", "svg"]),
        "grid": (["place", *block, "--mode", "grid", "--evals", 40000], ["plc"]),
        "refine": (["refine", *block, "--plc", "data/blocks/small_balanced.plc", "--evals", 40000], ["plc"]),
        "flat": (["place", flat, "--evals", 20000, "--flat-trials", 2], ["plc", "pb.txt.gz"]),
        "cluster": (["cluster", flat], ["pb.txt.gz"]),
        "def": (["place", *design, "--evals", 5000], ["def", "tcl"]),
    }


def run(program, command, outputs, threads, folder):
    words = [program, *command, "--threads", threads, "--json", "-q"]
    paths = [folder / f"out.{ending}" for ending in outputs]
    for path in paths:
        words += ["-o", path]
    done = subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True)
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    cost = json.loads(done.stdout).get("cost", {})
    return digest.hexdigest(), cost.get("proxy")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--other", help="the program as another compiler makes it")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder")
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2, 4])
    parser.add_argument("--repetitions", type=int, default=20, help="of each command, spread over the threads")
    parser.add_argument("--cases", nargs="+")
    args = parser.parse_args()

    args.output.mkdir(parents=True, exist_ok=True)
    subprocess.run([args.tessera, "generate", "--flat", "--recipe", "large-memories", "--cells", "5000", "--seed", "5", "-q",
                    "-o", str(args.output), "--name", "flat"], check=True, stdout=subprocess.DEVNULL)
    differing = 0
    for name, (command, outputs) in cases(args).items():
        if args.cases and name not in args.cases:
            continue
        found = [run(args.tessera, command, outputs, args.threads[i % len(args.threads)], args.output)
                 for i in range(args.repetitions)]
        distinct = len({digest for digest, _ in found})
        differing += distinct > 1
        proxy = found[0][1]
        line = f"{name}: {args.repetitions} runs on {args.threads} threads, {distinct} different"
        line += f"; proxy {proxy:.9f}" if proxy is not None else ""
        if args.other:
            digest, other = run(args.other, command, outputs, args.threads[0], args.output)
            line += "; other compiler: " + ("the same bytes" if digest == found[0][0] else
                                            f"other bytes, proxy {other:.9f}" if other is not None else "other bytes")
        print(line, flush=True)
    if differing:
        sys.exit(f"{differing} commands are not deterministic")


if __name__ == "__main__":
    main()
