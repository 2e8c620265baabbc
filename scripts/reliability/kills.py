#!/usr/bin/env python3
"""Kills commands at random moments and looks at what they leave behind.

Each command runs over and over in a folder that holds the outputs of an earlier run, and gets SIGKILL:
every other time at a random moment of its run, otherwise while it writes, a moment after a temporary file
has appeared. Then every output must be one that the tool reads, and either the earlier one or the
new one, byte for byte; of `pretrain`, whose results end with the clock, a checkpoint from which the training goes on.
Lines of logs must be JSON. Ends with exit code 1 at the first output for which that is not so.
"""
import argparse
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time


def run(command, **options):
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, **options)


def fail(message):
    sys.exit(f"FAILED: {message}")


class Placing:
    """`place` and `refine`: outputs that depend on nothing but the seed."""

    def __init__(self, args, name, flags):
        self.args = args
        self.name = name
        self.flags = flags
        self.folder = args.output / name
        self.outputs = [self.folder / file for file in
                        ("out.plc", "out.pb.txt.gz", "out.svg", "out.html")]
        self.log = self.folder / "log.jsonl"

    def command(self, seed):
        words = [self.args.tessera, self.name, self.args.netlist, *self.flags, "--seed", seed, "-q",
                 "--threads", 2, "--log-json", self.log]
        for path in self.outputs:
            words += ["-o", path]
        return words

    def prepare(self):
        """Earlier and new outputs, and how long the command takes."""
        self.folder.mkdir(parents=True)
        start = time.perf_counter()
        run(self.command(2))
        self.new = self.read()
        self.time_s = time.perf_counter() - start
        run(self.command(1))
        self.earlier = self.read()
        if any(self.new[path] == self.earlier[path] for path in self.outputs[:1]):
            fail(f"{self.name}: two seeds make the same placement")

    def read(self):
        return {path: self.comparable(path) for path in self.outputs}

    @staticmethod
    def comparable(path):
        """Reports tell how long things took."""
        content = path.read_bytes()
        if path.suffix == ".html":
            return b"whole" if content.rstrip().endswith(b"</html>") else content
        return content

    def check(self):
        """Returns how many outputs are new."""
        count = 0
        for path in self.outputs:
            content = self.comparable(path)
            if content not in (self.earlier[path], self.new[path]):
                fail(f"{path} is neither the earlier output nor the new one")
            count += content == self.new[path] and content != self.earlier[path]
        run([self.args.tessera, "cost", self.outputs[1], "--plc", self.outputs[0], "-q"])
        check_lines(self.log)
        return count

    def restore(self):
        if self.read() != self.earlier:
            run(self.command(1))


class Training:
    """`pretrain`: whatever iteration the checkpoint is of, the training goes on from there."""

    name = "pretrain"

    def __init__(self, args):
        self.args = args
        self.folder = args.output / self.name
        self.checkpoint = self.folder / "out.safetensors"
        self.metrics = self.folder / "out.metrics.jsonl"
        self.iterations = 0

    def command(self, iterations):
        return [self.args.tessera, "pretrain", "--corpus", self.args.netlist, "--episodes", 2, "--blocks", 1,
                "--iterations", iterations, "--time", "1e9", "--checkpoint-interval", 0,
                "--evaluation-interval", 1000, "--threads", 2, "-q", "-o", self.checkpoint, "--resume"]

    def prepare(self):
        self.folder.mkdir(parents=True)
        first = self.command(1)
        first.remove("--resume")
        run(first)
        start = time.perf_counter()
        run(self.command(4))
        self.time_s = time.perf_counter() - start
        self.iterations = 4

    def restore(self):
        """The next run has three more iterations to do."""

    def check(self):
        check_lines(self.metrics)
        # Reads the checkpoint, finds out how far it is, and does what is missing.
        done = subprocess.run([str(word) for word in [*self.command(self.iterations), "--json"]],
                              check=True, capture_output=True, text=True)
        reached = json.loads(done.stdout)["iterations"]
        if reached < self.iterations:
            fail(f"{self.checkpoint} is of iteration {reached}, there was one of {self.iterations}")
        self.iterations = reached
        return 1


def check_lines(path):
    if path.exists():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                json.loads(line)
            except ValueError:
                fail(f"{path}:{number} is not JSON: {line[:80]}")


def temporary_files(folder):
    return [path for path in folder.iterdir() if path.name.startswith(".")]


def kill_once(subject, while_writing, rng):
    """Runs the command and kills it; returns whether it was still running."""
    wanted = subject.iterations + 3 if isinstance(subject, Training) else 2
    process = subprocess.Popen([str(word) for word in subject.command(wanted)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if while_writing:
        while process.poll() is None and not temporary_files(subject.folder):
            pass
        time.sleep(rng.choice([0.0, 0.0, 1e-4, 5e-4, 2e-3]))
    else:
        time.sleep(rng.uniform(0.0, 1.05 * subject.time_s))
    process.kill()
    return process.wait() == -signal.SIGKILL


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--netlist", default="data/blocks/small_large_macros.pb.txt.gz")
    parser.add_argument("--plc", default="data/blocks/small_large_macros.plc", help="what refine starts from")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder, made anew")
    parser.add_argument("--kills", type=int, default=100, help="of each command")
    parser.add_argument("--commands", nargs="+", default=["place", "refine", "pretrain"])
    parser.add_argument("--seed", type=int, default=1, help="of the moments")
    args = parser.parse_args()

    rng = random.Random(args.seed)
    subjects = {"place": lambda: Placing(args, "place", ["--evals", 5000]),
                "refine": lambda: Placing(args, "refine", ["--plc", args.plc, "--evals", 5000]),
                "pretrain": lambda: Training(args)}
    for name in args.commands:
        subject = subjects[name]()
        shutil.rmtree(subject.folder, ignore_errors=True)
        subject.prepare()
        killed = new = left = 0
        for kill in range(args.kills):
            killed += kill_once(subject, kill % 2 == 1, rng)
            for path in temporary_files(subject.folder):
                left += 1
                path.unlink()
            new += subject.check() > 0
            subject.restore()
        print(f"{name}: {args.kills} runs of about {subject.time_s:.2f} s, {killed} killed before their end; after {new} "
              f"some or all outputs were new; {left} temporary files left; all outputs whole", flush=True)


if __name__ == "__main__":
    main()
