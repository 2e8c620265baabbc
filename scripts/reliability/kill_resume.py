#!/usr/bin/env python3
"""Kills a training again and again and checks that it ends like one that was left alone.

Trains on a corpus with `tessera pretrain` twice, for the same number of iterations: once in one go, and
once killed (SIGKILL) after random times and resumed from its checkpoint. Both metrics files must be
the same, times aside. Ends with exit code 1 if they are not.
"""
import argparse
import json
import pathlib
import random
import signal
import subprocess
import sys
import time

TIMES = {"elapsed_s", "rollout_s", "update_s", "rollout_states_per_s", "update_states_per_s",
         "resident_mb"}


def metrics(checkpoint):
    path = checkpoint.with_suffix(".metrics.jsonl")
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [{name: entry[name] for name in entry if name not in TIMES} for entry in entries]


def command(args, checkpoint):
    return [args.tessera, "pretrain", "--corpus", *args.corpus, "--iterations",
            str(args.iterations), "--time", "1e9", "--checkpoint-interval", "0", "-q", "-o",
            str(checkpoint), *(["--resume"] if checkpoint.exists() else []), *args.flags]


def seconds_to_a_kill(args, checkpoint, iteration_s, kills):
    """So that the kills to come spread over the iterations to come, at the pace of the last run."""
    path = checkpoint.with_suffix(".metrics.jsonl")
    done = len(metrics(checkpoint)) if path.exists() else 0
    return iteration_s * (args.iterations - done) / (args.kills - kills + 1)


def run_killed(args, checkpoint, iteration_s, rng):
    """Kills the training `args.kills` times, then lets it end; returns the number of kills."""
    kills = 0
    before, pace_s = 0, iteration_s
    while kills < args.kills:
        mean_s = seconds_to_a_kill(args, checkpoint, pace_s, kills)
        start = time.perf_counter()
        process = subprocess.Popen(command(args, checkpoint), stdout=subprocess.DEVNULL)
        try:
            process.wait(rng.uniform(0.2, 1.8) * mean_s)
        except subprocess.TimeoutExpired:
            process.kill()
        if process.wait() != -signal.SIGKILL:
            break
        kills += 1
        saved = len(metrics(checkpoint)) if checkpoint.exists() else 0
        if saved > before:
            pace_s = (time.perf_counter() - start) / (saved - before)
        before = saved
        print(f"kill {kills}: {saved} iterations in the metrics", flush=True)
    subprocess.run(command(args, checkpoint), check=True, stdout=subprocess.DEVNULL)
    return kills


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--corpus", nargs="+", required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder, made anew")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1, help="of the times of the kills")
    parser.add_argument("flags", nargs="*", help="of tessera pretrain, after --")
    args = parser.parse_args()

    args.output.mkdir(parents=True)
    straight = args.output / "straight.safetensors"
    start = time.perf_counter()
    subprocess.run(command(args, straight), check=True, stdout=subprocess.DEVNULL)
    took = time.perf_counter() - start
    print(f"uninterrupted: {args.iterations} iterations in {took:.1f} s", flush=True)

    killed = args.output / "killed.safetensors"
    kills = run_killed(args, killed, took / args.iterations, random.Random(args.seed))
    expected, found = metrics(straight), metrics(killed)
    differing = [a["iteration"] for a, b in zip(expected, found) if a != b]
    if len(expected) != len(found) or differing:
        sys.exit(f"{len(found)} iterations, expected {len(expected)}; different: {differing}")
    print(f"{kills} kills, {len(found)} iterations: the same metrics")


if __name__ == "__main__":
    main()
