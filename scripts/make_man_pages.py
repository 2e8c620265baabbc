#!/usr/bin/env python3
"""Writes the manual pages tessera.1 and tessera-COMMAND.1 from the help texts of the program."""

import argparse
import gzip
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # leaves no folders beside the scripts
import cli_help  # noqa: E402  pylint: disable=wrong-import-position

FONTS = {"name": "B", "value": "I", "plain": "R"}


def escaped(text):
    """Text that troff prints as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = text.replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha")
    return "\\&" + text if text.startswith(".") else text


def in_font(font, text):
    return f"\\f{font}{escaped(text)}\\fR"


def running(text):
    """Running text, in which hyphens are hyphens, and options and what stands in `...` are bold."""
    parts = re.split(r"(`[^`]*`|(?<![\w-])--[a-z][a-z-]*)", text)
    for i, part in enumerate(parts):
        if i % 2 == 1:
            parts[i] = in_font("B", part.strip("`"))
        else:
            parts[i] = escaped(part).replace("\\-", "-")
    # Words with bars or dots may break there, or lines would be too long or too empty.
    return re.sub(r"(?<=\w)\|(?=\w)", "|\\:", "".join(parts))


def sentence(text):
    return running(cli_help.sentence(text))


def page_name(command):
    return command.name.replace(" ", "-")


def head(command, program):
    """Title, NAME and SYNOPSIS."""
    summary = command.description[0].lower() + command.description[1:]
    if command is program:
        summary = command.description.removeprefix("Tessera ")
        synopsis = [("name", "tessera"), ("value", "COMMAND"), ("plain", "[OPTIONS]")]
    else:
        synopsis = command.synopsis
    name = page_name(command)
    return [
        f'.TH "{escaped(name.upper())}" 1 "" "Tessera {program.version}" "User Commands"',
        ".nh\n.ad l",  # names of options and of pages stay in one piece
        ".SH NAME",
        f"{escaped(name)} \\- {running(summary)}",
        ".SH SYNOPSIS",
        " ".join(in_font(FONTS[kind], text) for kind, text in synopsis),
    ]


def notes(option):
    """What else there is to say of an option, as sentences."""
    named = option.choices and option.value == option.metavar
    texts = ["One of " + ", ".join(f"`{word}`" for word in option.choices)] if named else []
    texts += [f"Range: {option.bounds}"] if "to" in option.bounds else []
    default = f"`{option.default}`" if option.default else option.default_words
    texts += [f"Default: {default}"] if default else []
    texts += ["Required"] if option.required else []
    texts += ["May be repeated"] if option.repeatable else []
    texts += ["Only with " + ", ".join(option.needs)] if option.needs else []
    texts += ["Not with " + ", ".join(option.excludes)] if option.excludes else []
    return " ".join(sentence(text) for text in texts)


def option_lines(option):
    label = ", ".join(in_font("B", name) for name in option.names)
    if option.value:
        label += ("\\ " if label else "") + in_font("I", option.value)
    lines = [".TP", label, sentence(option.help)]
    more = notes(option)
    return lines + [more] if more else lines


def group_lines(group):
    lines = [f'.SS "{running(group.title)}"']
    if group.remark:
        lines.append(sentence(group.remark))
    for option in group.options:
        lines += option_lines(option)
    return lines


def example_lines(command):
    lines = [".SH EXAMPLES"]
    for example in command.examples:
        lines += [".PP", ".nf", ".RS 4", escaped(example), ".RE", ".fi"]
    return lines if command.examples else []


def command_page(command, program):
    lines = head(command, program) + [".SH DESCRIPTION", sentence(command.description)]
    if command.arguments:
        lines.append(".SH ARGUMENTS")
        for argument in command.arguments:
            lines += option_lines(argument)
    lines.append(".SH OPTIONS")
    for group in command.groups:
        lines += group_lines(group)
    lines += example_lines(command)
    lines += [".SH EXIT STATUS", "As of \\fBtessera\\fR(1).", ".SH SEE ALSO"]
    others = [program] + [other for other in program.commands if other is not command]
    return lines + [",\n".join(reference_to(other) for other in others)]


def reference_to(command):
    return in_font("B", page_name(command)) + "(1)"


def program_page(program):
    lines = head(program, program) + [".SH DESCRIPTION", sentence(program.description), ".PP"]
    lines.append("The options of a command are on its own page.")
    lines.append(".SH COMMANDS")
    for command in program.commands:
        lines += [".TP", reference_to(command), sentence(command.description)]
    lines.append(".SH OPTIONS")
    for option in program.options:
        lines += option_lines(option)
    lines.append(".SH EXIT STATUS")
    for code, meaning in program.exit_status:
        lines += [".TP", in_font("B", code), sentence(meaning)]
    lines.append(".SH SEE ALSO")
    return lines + [",\n".join(reference_to(command) for command in program.commands)]


def write_page(folder, command, program):
    """Compressed as Debian wants it, the same bytes every time."""
    lines = program_page(program) if command is program else command_page(command, program)
    comment = '.\\" Written by scripts/make_man_pages.py from the help of the program.'
    text = "\n".join([comment, *lines]) + "\n"
    path = folder / f"{page_name(command)}.1.gz"
    path.write_bytes(gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tessera", metavar="TESSERA", help="the program, build/bin/tessera")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="gets the pages, .1.gz")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    program = cli_help.read_program(arguments.tessera)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for command in [program, *program.commands]:
        write_page(arguments.folder, command, program)
    return 0


if __name__ == "__main__":
    sys.exit(main())
