#!/usr/bin/env python3
"""Writes the reference of the command line, docs/cli.md, from the help texts of the program.

Exit status: 0 written or, with --check, as it would be written; 1 it is not, and a diff is shown; 2
the help texts cannot be read.
"""

import argparse
import difflib
import re
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # leaves no folders beside the scripts
import cli_help  # noqa: E402  pylint: disable=wrong-import-position
from cli_help import sentence  # noqa: E402  pylint: disable=wrong-import-position

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
MAX_DIFF_LINES = 40

INTRODUCTION = """\
# Command line

<!-- Written by scripts/make_cli_docs.py from the help of the program: edit that, in app/, then run
     `scripts/make_cli_docs.py build/bin/tessera`. -->

{description}.

```
tessera COMMAND [OPTIONS]
```

`tessera --version` prints the version, `tessera COMMAND --help` what this page says of a command.
The value of an option follows it as the next word or after `=`: `--seed 7`, `--seed=7`. `N` is an
integer, `X` a number.
"""


def escaped(text):
    """Text that Markdown leaves as it is, options and what stands in `...` as code."""
    parts = re.split(r"(`[^`]*`|(?<![\w-])--[a-z][a-z-]*)", text)
    for i, part in enumerate(parts):
        if i % 2 == 1:
            parts[i] = code(part.strip("`"))
        else:
            parts[i] = re.sub(r"([|*<\\])", r"\\\1", part)
    return "".join(parts)


def code(text):
    """A span of code, which in a table still needs its bars escaped."""
    return "`" + text.replace("|", "\\|") + "`" if text else ""


def codes(words):
    return ", ".join(code(word) for word in words)


def table(columns, rows):
    """Lines of a table without the columns that are empty in all rows."""
    used = [i for i in range(len(columns)) if any(row[i] for row in rows)]
    lines = [[columns[i] for i in used], ["---"] * len(used)]
    lines += [[row[i] for i in used] for row in rows]
    return ["| " + " | ".join(line) + " |" for line in lines] + [""]


def value_cell(option):
    if option.choices:
        return codes(option.choices)
    return ", ".join(part for part in (code(option.metavar), escaped(option.bounds)) if part)


def meaning_cell(option):
    notes = ["required"] if option.required else []
    notes += ["may be repeated"] if option.repeatable else []
    notes += ["only with " + codes(option.needs)] if option.needs else []
    notes += ["not with " + codes(option.excludes)] if option.excludes else []
    text = sentence(escaped(option.help))
    return text + (f" *{sentence('; '.join(notes))}*" if notes else "")


def option_row(option):
    default = code(option.default) or escaped(option.default_words)
    return codes(option.names), value_cell(option), default, meaning_cell(option)


def group_lines(group):
    options = [option for option in group.options if "--help" not in option.names]
    if not options:
        return []
    lines = [f"**{group.title}**" + (f" ({escaped(group.remark)})" if group.remark else ""), ""]
    rows = [option_row(option) for option in options]
    return lines + table(("option", "value", "default", "meaning"), rows)


def command_lines(command):
    synopsis = " ".join(text for _, text in command.synopsis)
    lines = [f"## {command.name}", "", sentence(escaped(command.description)), ""]
    lines += ["```", synopsis, "```", ""]
    if command.arguments:
        rows = [(code(argument.metavar), meaning_cell(argument)) for argument in command.arguments]
        lines += table(("argument", "meaning"), rows)
    for group in command.groups:
        lines += group_lines(group)
    if command.examples:
        lines += ["**Examples**", "", "```sh", *command.examples, "```", ""]
    return lines


def reference(program):
    """The text of docs/cli.md."""
    lines = INTRODUCTION.format(description=program.description).splitlines() + [""]
    rows = []
    for command in program.commands:
        anchor = command.name.replace(" ", "-")
        rows.append((f"[`{command.name}`](#{anchor})", sentence(escaped(command.description))))
    lines += table(("command", "does"), rows)
    lines += table(("exit status", "meaning"), program.exit_status)
    for command in program.commands:
        lines += command_lines(command)
    return "\n".join(lines).rstrip() + "\n"


def check(text, path):
    """Exit status; shows the differences."""
    found = path.read_text(encoding="utf-8") if path.exists() else ""
    difference = list(
        difflib.unified_diff(
            found.splitlines(),
            text.splitlines(),
            str(path),
            "help of the program",
            lineterm="",
            n=0,
        )
    )
    if not difference:
        return 0
    print("\n".join(difference[:MAX_DIFF_LINES]))
    if len(difference) > MAX_DIFF_LINES:
        print(f"... and {len(difference) - MAX_DIFF_LINES} lines more")
    print(f"{path} is not what the program says; scripts/make_cli_docs.py writes it anew.")
    return 1


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tessera", metavar="TESSERA", help="the program, build/bin/tessera")
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument(
        "--output", type=Path, default=REFERENCE, metavar="FILE", help="default: docs/cli.md"
    )
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    try:
        text = reference(cli_help.read_program(arguments.tessera))
    except (cli_help.HelpError, OSError, subprocess.CalledProcessError) as error:
        print(f"make_cli_docs.py: {error}", file=sys.stderr)
        return 2
    if arguments.check:
        return check(text, arguments.output)
    arguments.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
