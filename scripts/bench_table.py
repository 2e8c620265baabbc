#!/usr/bin/env python3
"""Writes measured times into a document, between the lines that mark the table.

Takes the JSON that tessera_bench prints,

    {"results": [{"name": "full cost", "median_ms": 1.5, "runs": 100}, ...]}

adds the median wall-clock time of a whole process (the command after --), and replaces what stands
between `<!-- bench:begin -->` and `<!-- bench:end -->`.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

BEGIN = "<!-- bench:begin -->"
END = "<!-- bench:end -->"

# Milliseconds that the design allows and aims for, by the start of the name of a measurement.
BUDGETS = {
    "read netlist": (250, 60),
    "full cost": (4, 1),
    "force-directed placement": (150, 40),
    "soft macro, up to 5 %": (0.0333, 0.01),
    "PPO update per state": (10, 3),  # of either model
    "place (zero-shot)": (1000, 600),
}


def processor_name():
    """Model of the processor, as far as the system tells."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def commit():
    """Abbreviated commit of the working tree, marked if files differ from it."""
    command = ["git", "describe", "--always", "--dirty"]
    folder = os.path.dirname(os.path.abspath(__file__))
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return result.stdout.strip() or "unknown"


def time_process(command, runs):
    """Median wall-clock time of a command, milliseconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def make_table(results):
    lines = [
        f"Machine: {processor_name()}, {os.cpu_count()} cores visible. Commit {commit()}.",
        "",
        "| what | median, ms | must, ms | aim, ms | runs |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for result in results:
        budgets = [limits for name, limits in BUDGETS.items() if result["name"].startswith(name)]
        must, aim = budgets[0] if budgets else ("", "")
        cells = [result["name"], f"{result['median_ms']:.4g}", must, aim, result["runs"]]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)


def replace_between_markers(text, table, path):
    begin = text.find(BEGIN)
    end = text.find(END)
    if begin < 0 or end < begin:
        sys.exit(f"{path}: expected the lines {BEGIN} and {END}")
    return f"{text[: begin + len(BEGIN)]}\n{table}\n{text[end:]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", required=True, help="what tessera_bench printed")
    parser.add_argument("--document", required=True, help="file to change")
    parser.add_argument("--runs", type=int, default=5, help="runs of the process")
    parser.add_argument("--name", default="whole process", help="name of the process in the table")
    parser.add_argument("command", nargs="*", help="command to time")
    arguments = parser.parse_args()

    with open(arguments.json, encoding="utf-8") as source:
        results = json.load(source)["results"]
    if arguments.command:
        median = time_process(arguments.command, arguments.runs)
        results.append({"name": arguments.name, "median_ms": median, "runs": arguments.runs})
    table = make_table(results)
    with open(arguments.document, encoding="utf-8") as source:
        text = source.read()
    text = replace_between_markers(text, table, arguments.document)
    with open(arguments.document, "w", encoding="utf-8") as target:
        target.write(text)
    print(table)


if __name__ == "__main__":
    main()
