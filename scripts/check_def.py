#!/usr/bin/env python3
"""Checks that a placed DEF is the input with its macros placed legally, and nothing else changed.

Reads both files by its own means. Macros are components of class BLOCK, PAD or RING, and those of
no class that are higher than a row. Checked are

  bytes        all but the placement clauses of movable macros is as it was
  fixed        FIXED and COVER components stand where they stood
  unplaced     every macro has a place
  outside      in the die area
  overlap      no two macros overlap; touching is allowed
  halo         the halos of two macros (of the DEF or --halo, the wider) do not overlap
  channel      two macros are --channel apart in x or in y
  blockage     no macro on a hard placement blockage
  orientation  reached from the one in the input (N if unplaced) by the SYMMETRY of the master
  grid         moved macros stand on the manufacturing grid

Faults of two fixed macros with one another, and those of fixed ones alone, do not count.
Exit status: 0 no fault, 1 faults, 2 the files cannot be read.
"""

import argparse
import json
import os
import sys
import unittest
from fractions import Fraction

sys.dont_write_bytecode = True  # leaves no folders beside the scripts
import lef_def_text  # noqa: E402  pylint: disable=wrong-import-position

MAX_LINES = 20  # faults printed without --json


def is_macro(master, row_height):
    if master.kind:
        return master.kind in ("BLOCK", "PAD", "RING")
    return row_height > 0 and master.height > row_height


def is_fixed(component):
    return component.status in ("FIXED", "COVER")


def parse_pair(text):
    """Microns in x and y from `X` or `X,Y`."""
    values = [Fraction(part) for part in text.split(",")]
    if len(values) not in (1, 2) or min(values) < 0:
        raise ValueError(text)
    return values[0], values[-1]


def product(a, b):
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
    )


def allowed_orientations(start, symmetry):
    """What the images of the master under its symmetries, placed like `start`, look like."""
    images = {"X": "FS", "Y": "FN", "R90": "W"}
    generators = [lef_def_text.MATRICES[images[name]] for name in symmetry if name in images]
    reached = {lef_def_text.MATRICES[start]}
    while True:
        more = {product(matrix, step) for matrix in reached for step in generators} | reached
        if more == reached:
            return {name for name, matrix in lef_def_text.MATRICES.items() if matrix in reached}
        reached = more


class Macro:
    """A placed macro of the output: its box, its halo, and the component of the input."""

    def __init__(self, before, after, master, units, halo):
        self.name = after.name
        self.before = before
        self.after = after
        self.master = master
        self.fixed = is_fixed(before)
        width, height = lef_def_text.oriented_size(
            master.width * units, master.height * units, after.orientation
        )
        self.box = (after.x, after.y, after.x + width, after.y + height)
        self.halo = [
            max(own, least * units)
            for own, least in zip(
                lef_def_text.oriented_margins(after.halo, after.orientation), halo + halo
            )
        ]

    @property
    def moved(self):
        was_unplaced = self.before.status == "UNPLACED"
        return was_unplaced or self.before.position()[1:] != self.after.position()[1:]


def gaps(a, b):
    """Distances of two boxes in x and y; negative where their ranges overlap."""
    return max(a[0], b[0]) - min(a[2], b[2]), max(a[1], b[1]) - min(a[3], b[3])


def overlaps(a, b):
    return max(gaps(a, b)) < 0


def facing_halos(a, b):
    """Sums of the halos that face each other in x and in y."""
    left, right = (a, b) if a.box[0] <= b.box[0] else (b, a)
    low, high = (a, b) if a.box[1] <= b.box[1] else (b, a)
    return left.halo[2] + right.halo[0], low.halo[3] + high.halo[1]


class Checker:
    """Holds one output against its input."""

    def __init__(self, lef, before, after, halo=(0, 0), channel=(0, 0)):
        self.lef = lef
        self.before = before
        self.after = after
        self.halo = halo
        self.channel = channel
        self.faults = []
        heights = [lef.site_heights.get(site, 0) for site in before.row_sites]
        self.row_height = max(heights, default=0)
        self.macros = []
        self.num_macros = 0
        self.num_moved = 0

    def run(self):
        pairs = self.matching_components()
        if pairs is None:
            return
        movable = []
        for before, after in pairs:
            master = self.lef.masters.get(after.master)
            if master is None:
                raise lef_def_text.FormatError(
                    f"{self.after.path}: no LEF defines the master {after.master}"
                )
            macro = is_macro(master, self.row_height)
            if macro:
                self.add_macro(before, after, master)
            if macro and not is_fixed(before):
                movable.append((before, after))
            elif before.position() != after.position():
                kind = "fixed" if is_fixed(before) else "bytes"
                self.fault(kind, [after], "is no movable macro and was moved")
        self.check_bytes(movable)
        self.check_single_macros()
        self.check_pairs()

    def fault(self, kind, components, message):
        names = [component.name for component in components]
        self.faults.append({"kind": kind, "components": names, "message": message})

    def matching_components(self):
        before, after = self.before.components, self.after.components
        if len(before) != len(after):
            self.fault("bytes", [], f"{len(after)} components in place of {len(before)}")
            return None
        for old, new in zip(before, after):
            if (old.name, old.master) != (new.name, new.master):
                self.fault("bytes", [old, new], "stands in the place of the first one")
                return None
        return list(zip(before, after))

    def add_macro(self, before, after, master):
        self.num_macros += 1
        if after.status == "UNPLACED":
            self.fault("unplaced", [after], "has no place")
            return
        macro = Macro(before, after, master, self.after.units, self.halo)
        self.num_moved += macro.moved
        self.macros.append(macro)

    def check_bytes(self, movable):
        """Compares the texts in front of, between and behind the clauses."""
        clauses = [before.clause for before, _ in movable] + [(len(self.before.text),) * 2]
        new_clauses = [after.clause for _, after in movable] + [(len(self.after.text),) * 2]
        at, new_at, blanks_count = 0, 0, True
        for clause, new_clause in zip(clauses, new_clauses):
            old = self.before.text[at : clause[0]]
            new = self.after.text[new_at : new_clause[0]]
            # Around a clause that only one of the files has, blanks may differ.
            next_blanks_count = (clause[0] == clause[1]) == (new_clause[0] == new_clause[1])
            if not self.same_text(old, new, blanks_count, next_blanks_count):
                self.report_bytes(old, new, new_at)
                return
            at, new_at, blanks_count = clause[1], new_clause[1], next_blanks_count

    @staticmethod
    def same_text(old, new, blanks_count_in_front, blanks_count_behind):
        if not blanks_count_in_front:
            old, new = old.lstrip(), new.lstrip()
        if not blanks_count_behind:
            old, new = old.rstrip(), new.rstrip()
        return old == new

    def report_bytes(self, old, new, new_at):
        same = len(os.path.commonprefix([old, new]))
        line = self.after.text.count("\n", 0, new_at + same) + 1
        self.fault(
            "bytes",
            [],
            f"line {line} of the output: {new[same:same + 40]!r} in place of "
            f"{old[same:same + 40]!r}",
        )

    def check_single_macros(self):
        die = lef_def_text.rectangles_of(self.before.die) if self.before.die else []
        grid = self.lef.grid * self.after.units
        for macro in self.macros:
            if macro.fixed:
                continue
            x0, y0, x1, y1 = macro.box
            inside = sum(covered_area(macro.box, part) for part in die)
            if die and inside != (x1 - x0) * (y1 - y0):
                self.fault("outside", [macro.after], "is not inside the die area")
            for blockage in self.before.blockages:
                if overlaps(macro.box, blockage):
                    self.fault("blockage", [macro.after], f"overlaps the blockage {blockage}")
            self.check_orientation(macro)
            if macro.moved and grid > 0 and (x0 % grid or y0 % grid):
                self.fault("grid", [macro.after], f"({x0}, {y0}) is not on the grid of {grid}")

    def check_orientation(self, macro):
        start = macro.before.orientation if macro.before.status != "UNPLACED" else "N"
        if macro.after.orientation not in allowed_orientations(start, macro.master.symmetry):
            symmetry = " ".join(sorted(macro.master.symmetry)) or "none"
            self.fault(
                "orientation",
                [macro.after],
                f"{macro.after.orientation} from {start}, but the symmetry is {symmetry}",
            )

    def check_pairs(self):
        """Looks at the pairs that come near each other in x."""
        units = self.after.units
        reach = 2 * max([max(macro.halo) for macro in self.macros], default=0)
        reach = max(reach, self.channel[0] * units)
        macros = sorted(self.macros, key=lambda macro: macro.box[0])
        for i, macro in enumerate(macros):
            for other in macros[i + 1 :]:
                if other.box[0] >= macro.box[2] + reach:
                    break
                if not (macro.fixed and other.fixed):
                    self.check_pair(macro, other)

    def check_pair(self, a, b):
        gap = gaps(a.box, b.box)
        halo = facing_halos(a, b)
        channel = [width * self.after.units for width in self.channel]
        pair = [a.after, b.after]
        if max(gap) < 0:
            self.fault("overlap", pair, f"overlap by {-gap[0]} x {-gap[1]} units")
        elif gap[0] < halo[0] and gap[1] < halo[1]:
            self.fault("halo", pair, f"are {show(gap)} apart, their halos take {show(halo)}")
        elif gap[0] < channel[0] and gap[1] < channel[1]:
            self.fault("channel", pair, f"are {show(gap)} apart, the channel is {show(channel)}")

    def summary(self):
        counts = {}
        for fault in self.faults:
            counts[fault["kind"]] = counts.get(fault["kind"], 0) + 1
        return {
            "components": len(self.after.components),
            "macros": self.num_macros,
            "fixed_macros": sum(macro.fixed for macro in self.macros),
            "moved_macros": self.num_moved,
            "faults": counts,
        }


def covered_area(box, part):
    gap = gaps(box, part)
    return gap[0] * gap[1] if max(gap) < 0 else 0


def show(pair):
    return f"({float(pair[0]):g}, {float(pair[1]):g})"


def print_report(checker, as_json):
    summary = checker.summary()
    if as_json:
        print(json.dumps({"summary": summary, "faults": checker.faults}, indent=2))
        return
    print(
        f"{summary['components']} components, {summary['macros']} macros, "
        f"{summary['fixed_macros']} fixed, {summary['moved_macros']} moved"
    )
    for fault in checker.faults[:MAX_LINES]:
        what = " and ".join(fault["components"])
        print(f"{fault['kind']}: {what}{' ' if what else ''}{fault['message']}")
    if len(checker.faults) > MAX_LINES:
        print(f"and {len(checker.faults) - MAX_LINES} more")
    print(f"faults: {len(checker.faults)}")


def self_test():
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "scripts")
    tests = unittest.defaultTestLoader.discover(folder, pattern="check_def_test.py")
    return 0 if unittest.TextTestRunner().run(tests).wasSuccessful() else 1


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("input", nargs="?", help="DEF before, plain or gzip")
    parser.add_argument("output", nargs="?", help="DEF after, plain or gzip")
    parser.add_argument("--lef", nargs="+", action="extend", default=[], help="LEF files, plain or gzip")
    parser.add_argument("--halo", type=parse_pair, default=(0, 0), help="microns: X[,Y]")
    parser.add_argument("--channel", type=parse_pair, default=(0, 0), help="microns: X[,Y]")
    parser.add_argument("--json", action="store_true", help="prints JSON")
    parser.add_argument("--self-test", action="store_true", help="tests this script")
    arguments = parser.parse_args()
    if not arguments.self_test and not (arguments.output and arguments.lef):
        parser.error("expected INPUT.def OUTPUT.def --lef FILE...")
    return arguments


def main():
    arguments = parse_arguments()
    if arguments.self_test:
        return self_test()
    try:
        checker = Checker(
            lef_def_text.read_lef(arguments.lef),
            lef_def_text.read_def(arguments.input),
            lef_def_text.read_def(arguments.output),
            arguments.halo,
            arguments.channel,
        )
        checker.run()
    except (lef_def_text.FormatError, OSError, EOFError) as error:
        print(error, file=sys.stderr)
        return 2
    print_report(checker, arguments.json)
    return 1 if checker.faults else 0


if __name__ == "__main__":
    sys.exit(main())
