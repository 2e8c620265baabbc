#!/usr/bin/env python3
"""Runs the shell commands of a document and checks that its outputs come out.

    check_tutorial.py TESSERA DOCUMENT

Takes the fenced blocks that begin with ```sh, in order, and runs them as one bash script, under
`set -euo pipefail`, in a new folder with copies of the project's data and scripts and with the
folder of TESSERA first in PATH. The first command that fails ends the run and is named by its line
in the document. Every file or folder that a block writes by -o, --report, --frames or > must be
there afterwards and not empty. Blocks that begin with ```sh torch need the learning code and are
skipped, with a message, where TESSERA was built without. Relative links must lead to something.

Exit status: 0 if all is well, 1 if not.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

TIME_LIMIT_S = 540
COPIED = ("data", "scripts")
PLUGIN = "libtessera_gnn_plugin.so"
FENCE = re.compile(r"```(.*)$")
OUTPUT = re.compile(r"(?:^|\s)(?:-o|--output|--report|--frames|>>?)\s*([^\s;|&)]+)")
LINK = re.compile(r"\]\(([^)#\s]+)")
PREAMBLE = "set -eEuo pipefail; trap 'echo \"$0: line $LINENO failed: $BASH_COMMAND\" >&2' ERR"


class Block:
    """A fenced block: its info words, the number of its first line, its lines."""

    def __init__(self, words, first_line):
        self.words = words
        self.first_line = first_line
        self.lines = []


def fenced_blocks(lines):
    blocks = []
    current = None
    for number, line in enumerate(lines, start=1):
        fence = FENCE.match(line)
        if current is None and fence:
            current = Block(fence[1].split(), number + 1)
        elif current is not None and line == "```":
            blocks.append(current)
            current = None
        elif current is not None:
            current.lines.append(line)
    if current is not None:
        raise ValueError(f"the block that begins in line {current.first_line} does not end")
    return blocks


def script_of(blocks, num_lines):
    """A script in which every command stands in the line that it has in the document."""
    lines = [""] * num_lines
    lines[0] = PREAMBLE
    for block in blocks:
        lines[block.first_line - 1 : block.first_line - 1 + len(block.lines)] = block.lines
    return "\n".join(lines) + "\n"


def outputs(blocks):
    """Line and name of everything that the blocks write."""
    for block in blocks:
        for number, line in enumerate(block.lines, start=block.first_line):
            for name in OUTPUT.findall(line):
                if not name.startswith("/dev/"):
                    yield number, name.strip("'\"")


def is_written(path):
    if path.is_dir():
        return any(path.iterdir())
    return path.is_file() and path.stat().st_size > 0


def missing_links(document, lines, blocks):
    fenced = {n for b in blocks for n in range(b.first_line, b.first_line + len(b.lines))}
    for number, line in enumerate(lines, start=1):
        if number in fenced:
            continue
        for target in LINK.findall(line):
            if "://" not in target and not (document.parent / target).exists():
                yield f"line {number}: {target} is not there"


def run_script(script, name, folder, tessera):
    """Exit status of the script; all that it has started is ended with it."""
    path = folder / name
    path.write_text(script, encoding="utf-8")
    environment = dict(os.environ, PATH=f"{tessera.parent}:{os.environ['PATH']}")
    process = subprocess.Popen(
        ["bash", name], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(TIME_LIMIT_S)
    except subprocess.TimeoutExpired:
        print(f"{name}: not done after {TIME_LIMIT_S} s", file=sys.stderr)
        return 1
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()


def has_plugin(tessera):
    folder = tessera.resolve().parent
    return any((folder / lib / PLUGIN).exists() for lib in ("../lib", "../lib/tessera"))


def check(tessera, document):
    """What is wrong with the document, a list of lines."""
    lines = document.read_text(encoding="utf-8").splitlines()
    blocks = fenced_blocks(lines)
    faults = list(missing_links(document, lines, blocks))
    chosen = [block for block in blocks if block.words[:1] == ["sh"]]
    if not chosen:
        return faults + ["no block of shell commands"]
    if not has_plugin(tessera):
        left_out = [block for block in chosen if "torch" in block.words]
        chosen = [block for block in chosen if "torch" not in block.words]
        if left_out:
            print(f"SKIPPED: {len(left_out)} blocks of {document.name} need LibTorch", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        root = pathlib.Path(__file__).resolve().parent.parent
        for name in COPIED:
            shutil.copytree(root / name, folder / name)
        status = run_script(script_of(chosen, len(lines)), document.name, folder, tessera)
        if status != 0:
            return faults + [f"the commands end with status {status}"]
        for number, name in outputs(chosen):
            if not is_written(folder / name):
                faults.append(f"line {number}: {name} is missing or empty")
    return faults


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: check_tutorial.py TESSERA DOCUMENT")
    tessera, document = (pathlib.Path(argument).absolute() for argument in sys.argv[1:])
    try:
        faults = check(tessera, document)
    except ValueError as error:
        faults = [str(error)]
    for fault in faults:
        print(f"{document.name}: {fault}", file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
