#!/usr/bin/env python3
"""Feeds the program with inputs made to do harm and looks at how it ends.

Four groups of cases: `files`, things that are no file or no text of the kind expected, for every kind of input; `options`,
absurd values of every option that takes one; `numbers`, one number of a good input replaced by an absurd one; `checkpoints`,
cut, contradictory or with numbers that are none. Each run must end by itself within a time (or, where an option asks for a lot of work, by SIGTERM), with an exit code of the
documented ones, with a message if it is not 0, without control characters in what it prints, without a number that is none
in its results, and leave earlier outputs alone if it fails. Prints what is not so and ends with exit code 1 if there is
anything.
"""
import argparse
import copy
import gzip
import json
import os
import pathlib
import random
import re
import resource
import shutil
import struct
import subprocess
import sys
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTED = (0, 2, 3, 4)
INTERRUPTED = 130
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")
NO_NUMBER = re.compile(rb'[\s"=:,\[(]-?(nan|inf)[\s",\])]', re.IGNORECASE)
ABSURD = ["nan", "-nan", "inf", "-inf", "1e308", "-1e308", "1e-320", "1e999", "2147483648", "-1",
          "9223372036854775808", "99999999999999999999999", "0x10", "", "1e", "\x1b[31m", "NaN(1)"]
ABSURD_IN_FILES = ["nan", "inf", "-inf", "1e308", "-1e308", "1e200", "1e-320", "2147483647", "2147483648",
                   "-1", "0", "9223372036854775808", "1e15", "-1e12"]

TINY_NETLIST = """node {{ name: "P" attr {{ key: "type" value {{ placeholder: "PORT" }} }}
  attr {{ key: "side" value {{ placeholder: "LEFT" }} }} attr {{ key: "x" value {{ f: 0 }} }} attr {{ key: "y" value {{ f: 5 }} }}
  input: "M0/i" }}
{macros}"""
TINY_MACRO = """node {{ name: "M{i}" attr {{ key: "type" value {{ placeholder: "MACRO" }} }}
  attr {{ key: "width" value {{ f: 3 }} }} attr {{ key: "height" value {{ f: 2.5 }} }}
  attr {{ key: "x" value {{ f: {x} }} }} attr {{ key: "y" value {{ f: 5 }} }} attr {{ key: "orientation" value {{ placeholder: "N" }} }} }}
node {{ name: "M{i}/i" attr {{ key: "type" value {{ placeholder: "MACRO_PIN" }} }} attr {{ key: "macro_name" value {{ placeholder: "M{i}" }} }}
  attr {{ key: "x_offset" value {{ f: -1 }} }} attr {{ key: "y_offset" value {{ f: 0.5 }} }} {sink} }}
"""


def ends(process, time_s):
    try:
        process.wait(time_s)
    except subprocess.TimeoutExpired:
        return False
    return True


class Runs:
    """Runs the program and notes what should not be."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.count = 0
        self.problems = 0

    def path(self, name):
        return self.folder / name

    def write(self, name, content):
        self.path(name).write_bytes(content if isinstance(content, bytes) else
                                    content.encode("utf-8", "surrogateescape"))
        return name

    def limit(self):
        # Threads and libraries reserve addresses that they do not use.
        resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def run(self, label, arguments, allowed=DOCUMENTED, time_s=20.0, keeps=None, asks_for_much=False):
        """Returns the exit code; None if it did not end. `keeps`: a file that a failure leaves alone. What
        asks for much work may go on until a signal ends it."""
        self.count += 1
        if keeps:
            self.write(keeps, "earlier")
        out, err = self.path("stdout"), self.path("stderr")
        with out.open("wb") as out_file, err.open("wb") as err_file:
            process = subprocess.Popen([self.program, *map(str, arguments)], cwd=self.folder, stdout=out_file,
                                       stderr=err_file, stdin=subprocess.DEVNULL, preexec_fn=self.limit)
            ended = ends(process, time_s)
            if not ended:
                process.terminate()
                ended = asks_for_much and ends(process, 10.0)
            if not ended:
                process.kill()
                process.wait()
                return self.note(label, f"still running after {time_s:g} s", b"")
        code = process.returncode
        if asks_for_much and code == INTERRUPTED:
            return code
        printed, message = out.read_bytes()[:4000000], err.read_bytes()[:4000000]
        if code not in allowed:
            self.note(label, f"exit code {code}", message)
        if CONTROL.search(printed) or CONTROL.search(message):
            self.note(label, "control characters printed", message)
        if code == 0 and NO_NUMBER.search(printed):
            self.note(label, "a number that is none in its results", printed)
        if code != 0 and not message.strip():
            self.note(label, "no message", b"")
        if len(message) > 10000:
            self.note(label, f"{len(message)} bytes of messages", b"")
        if keeps and code not in (0, None) and self.path(keeps).read_bytes() != b"earlier":
            self.note(label, f"{keeps} has changed", message)
        return code

    def note(self, label, problem, message):
        self.problems += 1
        last = message.decode("utf-8", "backslashreplace").strip().splitlines()[-1:] or [""]
        print(f"{label!r}: {problem} | {last[0][:200]!r}", flush=True)

    def make_inputs(self):
        """A block of three macros in every format, and the LEF/DEF example."""
        macros = "".join(TINY_MACRO.format(i=i, x=3 + 5 * i, sink=f'input: "M{i + 1}/i"' if i < 2 else "")
                         for i in range(3))
        self.write("tiny.pb.txt", TINY_NETLIST.format(macros=macros))
        for path in (ROOT / "data" / "lefdef").iterdir():
            shutil.copy(path, self.folder)
        for arguments in (["convert", "tiny.pb.txt", "--canvas", "16x10", "--grid", "16x10", "-o", "tiny.plc"],
                          ["convert", "tiny.pb.txt", "--plc", "tiny.plc", "-o", "shelf.aux"]):
            if self.run("made", arguments) != 0:
                sys.exit("the good inputs cannot be made")


TINY = ["tiny.pb.txt", "--plc", "tiny.plc"]
PLACE = ["place", *TINY, "--evals", "10", "-q", "-o", "out.plc"]


def file_cases(runs, args):
    """Every kind of input, every kind of harm."""
    inputs = {
        "netlist": (".pb.txt", lambda path: ["info", path]),
        "plc": (".plc", lambda path: ["cost", "tiny.pb.txt", "--plc", path]),
        "def": (".def", lambda path: ["info", path, "--lef", "small_tech.lef"]),
        "lef": (".lef", lambda path: ["info", "small.def", "--lef", path]),
        "bookshelf": (".aux", lambda path: ["info", path]),
        "net weights": (".txt", lambda path: ["cost", *TINY, "--net-weights", path]),
        "halos": (".txt", lambda path: [*PLACE, "--halo-file", path]),
        "groups": (".txt", lambda path: [*PLACE, "--macro-groups", path]),
        "start": (".plc", lambda path: [*PLACE, "--start-from", path]),
        "checkpoint": (".safetensors", lambda path: ["place", *TINY, "--effort", "zero-shot", "-o", "out.plc",
                                                     "--policy", path]),
        "config": (".toml", lambda path: ["pretrain", "--config", path, "-o", "out.safetensors"]),
        "demonstrations": (".jsonl", lambda path: ["pretrain", "--corpus", "tiny.pb.txt", "--iterations", "1",
                                                   "--demonstrations", path, "-o", "out.safetensors"]),
        "run": (".json", lambda path: ["report", path, "-o", "out.html"]),
        "metrics": (".metrics.jsonl", lambda path: ["report", path, "-o", "out.html"]),
    }
    damaged_trailer = bytearray(gzip.compress(random.Random(1).randbytes(4000000)))
    damaged_trailer[-4:] = b"\xff\xff\xff\xff"
    contents = {
        "empty": b"", "zeros": bytes(1000), "random": random.Random(2).randbytes(5000), "byte order mark": b"\xef\xbb\xbf",
        "escapes": b"\x1b[31mred\x1b[0m \x9b \xc2\x9b31m\n", "cut gzip": b"\x1f\x8b", "line ends": b"\r\n\r\n",
        "no line end": b"x", "every byte": bytes(range(256)) * 10, "long word": b"a" * 50000000,
        "braces": b"{" * 5000000, "brackets": b"[" * 5000000, "parentheses": b"( " * 5000000,
        "semicolons": b";" * 3000000, "empty lines": b"\n" * 20000000, "open text": b'"' + b"a" * 10000000,
        "damaged trailer": bytes(damaged_trailer), "bomb": bomb(3000 << 20),
    }
    for kind, (ending, arguments) in inputs.items():
        for harm in ("missing", "folder", "pipe", "/dev/zero", "/dev/null"):
            path = runs.path("harm" + ending)
            remove(path)
            if harm == "folder":
                path.mkdir()
            elif harm == "pipe":
                os.mkfifo(path)
            elif harm != "missing":
                path.symlink_to(harm)
            runs.run(f"{kind}: {harm}", arguments(path.name))
        for harm, content in contents.items():
            path = runs.path("harm" + ending)
            remove(path)
            path.write_bytes(content)
            runs.run(f"{kind}: {harm}", arguments(path.name), time_s=60.0)
        remove(runs.path("harm" + ending))


def remove(path):
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def bomb(size):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()


def option_cases(runs, args):
    """Absurd values of every option that takes a value and no file."""
    commands = {
        "place": PLACE, "refine": ["refine", *PLACE[1:]], "cost": ["cost", *TINY], "info": ["info", *TINY],
        "cluster": ["cluster", "small.def", "--lef", "small_tech.lef", "-o", "out.pb.txt"],
        "convert": ["convert", *TINY, "-o", "out.svg"],
        "demonstrate": ["demonstrate", "--corpus", "tiny.pb.txt", "--evals", "10", "-q", "-o", "out.jsonl"],
        "generate": ["generate", "-o", "generated", "--recipe", "balanced", "-q"],
        "pretrain": ["pretrain", "--corpus", "tiny.pb.txt", "--iterations", "1", "--time", "1", "-q", "-o",
                     "out.safetensors"],
        "finetune": ["finetune", *TINY, "--iterations", "1", "--time", "1", "-q", "-o", "out.safetensors"],
        "selftest": ["selftest"],
    }
    left_out = {"--help", "--output", "--plc", "--lef", "--log-json", "--config", "--policy", "--corpus", "--threads"}
    pattern = re.compile(r"^\s+(?:-\w,)?(--[a-z-]+)(?:,--[a-z-]+)*[ ]([A-Z][^\s]*)", re.MULTILINE)
    for name, command in commands.items():
        help_text = subprocess.run([runs.program, name, "--help"], capture_output=True, text=True, check=True).stdout
        for option, kind in pattern.findall(help_text):
            if option in left_out:
                continue
            for absurd in ABSURD:
                values = [f"{absurd},1", f"1,{absurd}", f"{absurd},1,1"] if "," in kind else [absurd]
                for value in values:
                    words = list(command)
                    clashing = [option, "--evals"] if option == "--time" else [option]
                    for flag in clashing:
                        if flag in words:
                            at = words.index(flag)
                            del words[at:at + 2]
                    runs.run(f"{name} {option}={value}", [*words, f"{option}={value}"], time_s=10.0,
                             asks_for_much=True)


def number_cases(runs, args):
    """One number of a good input replaced."""
    rng = random.Random(args.seed)
    lefdef = ["small.def", "--lef", "small_tech.lef"]
    inputs = {"tiny.pb.txt": TINY, "tiny.plc": TINY, "small.def": lefdef, "small_tech.lef": lefdef}
    inputs.update({f"shelf.{ending}": ["shelf.aux", "--grid", "4x4"] for ending in ("nodes", "nets", "pl", "scl")})
    number = re.compile(r'(?<![\w./"])-?\d+(\.\d+)?(?![\w/"])')
    for name, words in inputs.items():
        text = runs.path(name).read_text(encoding="utf-8")
        places = list(number.finditer(text))
        for _ in range(args.numbers):
            place, absurd = rng.choice(places), rng.choice(ABSURD_IN_FILES)
            runs.write(name, text[:place.start()] + absurd + text[place.end():])
            line = text.count("\n", 0, place.start()) + 1
            label = f"{name}:{line} {place.group()} -> {absurd}"
            if runs.run(label, ["cost", *words]) in (0, 4):
                runs.run(label, ["place", *words, "--evals", "10", "--policy", "none", "-q", "-o", "out.plc",
                                 "-o", "out.svg"], keeps="out.plc")
                runs.run(label, ["refine", *words, "--evals", "10", "-q", "-o", "out.plc"], keeps="out.plc")
        runs.write(name, text)


def checkpoint_cases(runs, args):
    """The bundled checkpoint, changed."""
    rng = random.Random(args.seed)
    whole = (ROOT / "data" / "checkpoints" / "default.safetensors").read_bytes()
    length = struct.unpack("<Q", whole[:8])[0]
    header, data = json.loads(whole[8:8 + length]), whole[8 + length:]
    tensors = [name for name in header if name != "__metadata__"]

    def run(label, raw, allowed=(0, 3)):
        runs.write("changed.safetensors", raw)
        runs.run(f"checkpoint: {label}", ["place", *TINY, "--effort", "zero-shot", "-q", "-o", "out.plc", "--policy",
                                          "changed.safetensors"], allowed, keeps="out.plc")

    def with_header(changed, values=data):
        text = json.dumps(changed).encode()
        return struct.pack("<Q", len(text)) + text + values

    run("as it is", whole, (0,))
    for size in (0, 4, 7, 8, 9, 100, 7 + length, 8 + length, 18 + length, len(whole) - 1):
        run(f"cut after {size} bytes", whole[:size], (3,))
    for stated in (0, 1, 2**63, 2**64 - 1, length - 1, length + 1, 10**9):
        run(f"header of {stated} bytes", struct.pack("<Q", stated) + whole[8:], (3,))
    entries = [("shape", value) for value in ([-1, 4], [2**62, 4], [1.5], [0], None, "x")]
    entries += [("dtype", value) for value in ("F16", "BF16", "F64", "", 5, "\x1b[31m", "I64")]
    entries += [("data_offsets", value) for value in
                ([2**64 - 1, 0], [5], [10, 5], [-1, 4], [len(data) - 2, len(data) + 2], [0, 2**63], [0, 0], None)]
    for field, value in entries:
        for name in rng.sample(tensors, 4):
            changed = copy.deepcopy(header)
            changed[name][field] = value
            run(f"{name} {field} {value}", with_header(changed))
    for name in rng.sample(tensors, 10):
        changed = copy.deepcopy(header)
        del changed[name]
        run(f"without {name}", with_header(changed))
    metadata = header["__metadata__"]
    texts = ("", "0", "2", "{}", "[]", "null", '{"', "\x1b[31m", "x" * 100000, '{"a":' * 5000, "1e999", "nan")
    for name in metadata:
        for text in texts:
            changed = copy.deepcopy(header)
            changed["__metadata__"][name] = text
            run(f"metadata {name} {text[:12]}", with_header(changed))
    config = json.loads(metadata["model_config"])
    for field in config:
        for value in (-1, 0, 10**9, 2**31, 2**63, 1e300, "x", None, [], True, 1.5):
            changed = copy.deepcopy(header)
            changed["__metadata__"]["model_config"] = json.dumps({**config, field: value})
            run(f"configuration {field} {value}", with_header(changed))
    for text, value in (("nan", float("nan")), ("inf", float("inf")), ("3e38", 3e38)):
        number = struct.pack("<f", value)
        run(f"all weights {text}", with_header(header, number * (len(data) // 4)), (3,))
        for name in rng.sample([name for name in tensors if name.startswith("model/")], 6):
            begin, end = header[name]["data_offsets"]
            run(f"weights {name} {text}",
                with_header(header, data[:begin] + number * ((end - begin) // 4) + data[end:]))


def main():
    groups = {"files": file_cases, "options": option_cases, "numbers": number_cases, "checkpoints": checkpoint_cases}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tessera", default="build/bin/tessera")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder, made anew")
    parser.add_argument("--groups", nargs="+", choices=list(groups), default=list(groups))
    parser.add_argument("--numbers", type=int, default=120, help="replacements an input")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    shutil.rmtree(args.output, ignore_errors=True)
    args.output.mkdir(parents=True)
    runs = Runs(str(pathlib.Path(args.tessera).resolve()), args.output.resolve())
    runs.make_inputs()
    total = 0
    for group in args.groups:
        before, problems = runs.count, runs.problems
        groups[group](runs, args)
        total += runs.problems - problems
        print(f"{group}: {runs.count - before} cases, {runs.problems - problems} problems", flush=True)
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
