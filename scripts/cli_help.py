"""Reads the help texts of `tessera` and its commands, as CLI11 prints them.

The reference, the manual pages and the completions of shells are written from what `read_program`
returns. What it does not understand is an error, so that nothing of a help text gets lost.
"""

import re
import subprocess
from dataclasses import dataclass, field, replace

HELP_COLUMN = 30  # where CLI11 begins the help of an entry
MAX_BRIEF = 72  # characters of a help beside a completion

TYPE_NAMES = {"INT": "N", "UINT": "N", "FLOAT": "X"}
BOUNDS = {"POSITIVE": "> 0", "NONNEGATIVE": ">= 0", "FILE": "existing"}


class HelpError(Exception):
    """A help text that is not as CLI11 2 writes it."""


@dataclass(frozen=True)
class Option:
    """An option or, without `names`, a positional argument."""

    names: tuple  # short before long, with dashes
    metavar: str  # what stands for its value; "" if it takes none
    choices: tuple  # the words that it takes, if not any
    bounds: str  # of a number, or what else must hold for the value; "" if nothing
    default: str  # as the user would write it; "" if there is none
    default_words: str  # a default that only words describe
    repeatable: bool
    required: bool
    needs: tuple
    excludes: tuple
    help: str

    @property
    def value(self):
        """What stands for the value: its words if there are few, else its name."""
        return "|".join(self.choices) if 0 < len(self.choices) <= 4 else self.metavar

    @property
    def brief(self):
        """The help in one line, without backticks."""
        text = self.help.replace("`", "")
        if len(text) <= MAX_BRIEF:
            return text
        for marks in ("[;:]", ","):
            ends = [m.start() for m in re.finditer(marks, text[:MAX_BRIEF]) if m.start() >= 15]
            if ends:
                return text[: ends[-1]]
        return text[:MAX_BRIEF].rsplit(" ", 1)[0]

    @property
    def words(self):
        """Words that the value may be, be they all or some of the possible ones."""
        if self.choices:
            return self.choices
        parts = self.metavar.split("|")
        return tuple(part for part in parts if len(parts) > 1 and part.islower())

    @property
    def paths(self):
        """"file" or "directory" if the value names one, else ""."""
        if self.metavar == "DIR":
            return "directory"
        named = re.search(r"FILE|NETLIST|JSON|ITEM|\.(def|html)\b", self.metavar)
        return "file" if named and not self.choices else ""


@dataclass(frozen=True)
class Group:
    """Options under one heading; `remark` is what the heading has in parentheses."""

    title: str
    remark: str
    options: tuple


@dataclass
class Command:
    """The program, whose name has no blank, or one of its commands."""

    name: str
    description: str = ""
    arguments: tuple = ()
    groups: list = field(default_factory=list)
    examples: list = field(default_factory=list)

    @property
    def options(self):
        return [option for group in self.groups for option in group.options]

    @property
    def synopsis(self):
        """The command line with what must be there, in pieces: (kind, text)."""
        pieces = [("name", self.name)]
        for argument in self.arguments:
            pieces.append(("value", argument.metavar + ("..." if argument.repeatable else "")))
        for option in self.options:
            if option.required:
                pieces.append(("name", option.names[0]))
                pieces.append(("value", option.value + ("..." if option.repeatable else "")))
        return pieces + [("plain", "[OPTIONS]")]


@dataclass
class Program(Command):
    version: str = ""
    commands: list = field(default_factory=list)
    exit_status: list = field(default_factory=list)  # of (code, meaning)


def sentence(text):
    """The text with a full stop, and a capital at the start unless that is a name or a symbol."""
    if re.match(r"[a-z]+(-[a-z]+)?[,;]?( |$)", text):
        text = text[0].upper() + text[1:]
    return text if text.endswith(".") else text + "."


def sections_of(text):
    """Pairs of a heading, "" for what comes before the first, and the lines under it."""
    sections = [("", [])]
    for line in text.splitlines():
        heading = re.fullmatch(r"([A-Z].*):", line)
        if heading:
            sections.append((heading[1], []))
        elif line.strip():
            sections[-1][1].append(line)
    return sections


def entries_of(lines):
    """Pairs of the left and the right column of a section."""
    entries = []
    for line in lines:
        if line.startswith(" " * HELP_COLUMN):  # below a left side that fills its column
            if not entries:
                raise HelpError(f"help without an entry: {line!r}")
            entries[-1][1] += " " + line.strip()
        elif re.match("  [^ ]", line):
            entries.append([line.strip(), ""])
        else:
            raise HelpError(f"neither an entry nor its help: {line!r}")
    return [split_entry(left, right.strip()) for left, right in entries]


def split_entry(left, right):
    """The two columns of an entry, which are one text if both stand in one line."""
    if not right:
        at = HELP_COLUMN - 2
        aligned = left[at - 1 : at] == " " and left[at : at + 1] != " "
        left, right = left[:at].rstrip(), left[at:] if aligned else ""
    if not right:
        raise HelpError(f"no help for {left!r}")
    return left, right


def cut(pattern, text):
    """The text without the end that matches, and the match."""
    match = re.search(pattern + " *$", text)
    return (text[: match.start()], match) if match else (text, None)


def number_text(text):
    """1000000 for 1e+06: what a reader takes in at once."""
    value = float(text)
    return f"{value:,.0f}" if value == int(value) else text


def bounds_of(constraint):
    """Words that the value must be, or else what must hold for it."""
    if constraint.startswith("{") and constraint.endswith("}"):
        return tuple(constraint[1:-1].split(",")), ""
    interval = re.fullmatch(r"\w+ in \[(\S+) - (\S+)\]", constraint)
    if interval:
        return (), f"{number_text(interval[1])} to {number_text(interval[2])}"
    if constraint and constraint not in BOUNDS:
        raise HelpError(f"unknown constraint {constraint!r}")
    return (), BOUNDS.get(constraint, "")


def parse_option(left, right):
    """An entry such as `--mode TEXT:{grid,free}=free REQUIRED Needs: --flat`.

    CLI11 2.1 of Debian 12 writes defaults like this, 2.4 of Debian 13 as ` [free] `.
    """
    rest, excludes = cut(r" Excludes:((?: -\S+)+)", left)
    rest, needs = cut(r" Needs:((?: -\S+)+)", rest)
    rest, required = cut(" REQUIRED", rest)
    rest, dots = cut(r" \.\.\.", rest)
    rest, bracketed = cut(r"(?<! in) \[([^][]*)\]", rest)
    name, _, kind = rest.rstrip().partition(" ")
    kind, _, default = kind.partition("=")
    metavar, _, constraint = kind.partition(":")
    names = tuple(name.split(",")) if name.startswith("-") else ()
    if names and not all(re.fullmatch(r"-\w|--\w[\w-]*", name) for name in names):
        raise HelpError(f"not understood: {left!r}")
    choices, bounds = bounds_of(constraint)
    if metavar == "BOOLEAN":
        choices = ("true", "false")
    return Option(
        names=names,
        metavar=TYPE_NAMES.get(metavar, metavar),
        choices=choices,
        bounds=bounds,
        default=bracketed[1] if bracketed else default,
        default_words="",
        repeatable=dots is not None and "," not in metavar,  # commas: one value of several parts
        required=required is not None,
        # CLI11 has them in no lasting order.
        needs=tuple(sorted(needs[1].split())) if needs else (),
        excludes=tuple(sorted(excludes[1].split())) if excludes else (),
        help=right,
    )


def with_default_words(option):
    """Takes "(default: ...)" out of the help."""
    match = re.search(r" *\(default: ([^()]*)\)", option.help)
    if not match:
        return option
    text = option.help[: match.start()] + option.help[match.end() :]
    if re.fullmatch(r"[\d.,x]+", match[1]):
        return replace(option, help=text, default=match[1])
    return replace(option, help=text, default_words=match[1])


def parse_group(heading, lines):
    match = re.fullmatch(r"(.*?) \((.*)\)", heading)
    options = (with_default_words(parse_option(*entry)) for entry in entries_of(lines))
    return Group(match[1] if match else heading, match[2] if match else "", tuple(options))


def parse_help(text, command):
    """Fills in the command; returns its other sections, pairs of heading and lines."""
    others = []
    for heading, lines in sections_of(text):
        if not heading:
            if len(lines) != 2 or not lines[1].startswith("Usage: " + command.name):
                raise HelpError(f"{command.name}: expected a description and a usage: {lines}")
            command.description = lines[0].rstrip(".")
        elif heading == "Positionals":
            command.arguments = parse_group(heading, lines).options
        elif heading == "Examples":
            command.examples = [line.strip() for line in lines]
        elif any(line.startswith("  -") for line in lines):
            command.groups.append(parse_group(heading, lines))
        else:
            others.append((heading, lines))
    return others


def output_of(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout


def read_program(path):
    """The program at `path` with all its commands."""
    version = output_of(path, "--version").split()[0]
    program = Program("tessera", version=version)
    for heading, lines in parse_help(output_of(path, "--help"), program):
        entries = entries_of(line for line in lines if line.startswith(" "))
        if heading == "Exit status":
            program.exit_status = entries
        elif heading == "Subcommands":
            program.commands = [Command(f"tessera {name}") for name, _ in entries]
        else:
            raise HelpError(f"unknown section {heading!r}")
    for command in program.commands:
        others = parse_help(output_of(path, command.name.split()[1], "--help"), command)
        if others:
            raise HelpError(f"{command.name}: unknown section {others[0][0]!r}")
    return program
