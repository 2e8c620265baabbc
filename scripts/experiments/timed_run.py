"""Commands whose time and memory are measured."""
import dataclasses
import os
import subprocess
import sys
import time


@dataclasses.dataclass
class TimedRun:
    text: str         # standard output
    wall_s: float     # wall-clock time
    memory_mb: float  # peak resident memory


def timed(command):
    """Runs a command to its end; a failure ends the script."""
    words = [str(word) for word in command]
    start = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit code {process.returncode}")
    return TimedRun(text, time.monotonic() - start, usage.ru_maxrss / 1024.0)
