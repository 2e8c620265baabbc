#!/usr/bin/env python3
"""Writes a synthetic DEF with its LEF, large ones in seconds, to measure readers with.

N components, one in a thousand of them an unplaced macro, the others cells placed in rows; N nets
of 2 to 8 pins, most of them between components of near numbers; rows, tracks and ports. Names have
three levels of hierarchy. Every pin is on one net at most. Equal arguments give equal bytes.
"""

import argparse
import gzip
import itertools
import math
import random

UNITS = 1000  # database units per micron
SITE_WIDTH = 190
ROW_HEIGHT = 1400
UTILISATION = 0.6
COMPONENTS_PER_MACRO = 1000
BLOCK = 10000  # components of a module of the first level
MODULE = 200  # components of one of the second
LINES_PER_WRITE = 50000

# Cells: name, width in sites, number of inputs; all have one output, Z.
CELLS = (
    ("INV_X1", 2, 1),
    ("BUF_X2", 3, 1),
    ("NAND2_X1", 3, 2),
    ("NOR3_X1", 4, 3),
    ("AOI22_X1", 5, 4),
    ("MUX2_X1", 7, 3),
    ("OAI221_X1", 7, 5),
    ("DFF_X1", 17, 2),
)
CELL_SHARES = (10, 12, 24, 12, 12, 10, 6, 14)
# Macros: name, width and height in microns, number of data bits; inputs I[], outputs Q[].
RAMS = (("RAM_16", 40, 30, 16), ("RAM_32", 60, 50, 32), ("RAM_64", 80, 60, 64))
# Pins of a net and how many of a hundred nets have that many.
DEGREES = (2, 3, 4, 5, 6, 7, 8)
DEGREE_SHARES = (52, 21, 11, 7, 4, 3, 2)
LAYERS = (("m1", "HORIZONTAL"), ("m2", "VERTICAL"), ("m3", "HORIZONTAL"), ("m4", "VERTICAL"))
PITCH = 140


class Master:
    """A cell or a macro: size in database units, names of inputs and outputs."""

    def __init__(self, name, kind, size, inputs, outputs):
        self.name = name
        self.kind = kind
        self.width, self.height = size
        self.inputs = inputs
        self.outputs = outputs


def make_masters():
    cells = [
        Master(
            name,
            "CORE",
            (sites * SITE_WIDTH, ROW_HEIGHT),
            [f"A{i}" for i in range(num_inputs)],
            ["Z"],
        )
        for name, sites, num_inputs in CELLS
    ]
    rams = [
        Master(
            name,
            "BLOCK",
            (width * UNITS, height * UNITS),
            [f"I[{i}]" for i in range(2 * bits)],
            [f"Q[{i}]" for i in range(bits)],
        )
        for name, width, height, bits in RAMS
    ]
    return cells, rams


def microns(value):
    return f"{value / UNITS:g}"


def lef_lines(masters):
    yield "VERSION 5.8 ;"
    yield 'BUSBITCHARS "[]" ;'
    yield 'DIVIDERCHAR "/" ;'
    yield f"UNITS\n  DATABASE MICRONS {UNITS} ;\nEND UNITS"
    yield "MANUFACTURINGGRID 0.005 ;"
    for name, direction in LAYERS:
        yield f"LAYER {name}\n  TYPE ROUTING ;\n  DIRECTION {direction} ;"
        yield f"  PITCH {microns(PITCH)} ;\n  WIDTH {microns(PITCH // 2)} ;\nEND {name}"
    size = f"SIZE {microns(SITE_WIDTH)} BY {microns(ROW_HEIGHT)}"
    yield f"SITE core\n  CLASS CORE ;\n  SYMMETRY Y ;\n  {size} ;\nEND core"
    for master in masters:
        yield from master_lines(master)
    yield "END LIBRARY"


def master_lines(master):
    yield f"MACRO {master.name}\n  CLASS {master.kind} ;\n  ORIGIN 0 0 ;"
    yield f"  SIZE {microns(master.width)} BY {microns(master.height)} ;\n  SYMMETRY X Y ;"
    if master.kind == "CORE":
        yield "  SITE core ;"
    pins = [(name, "INPUT") for name in master.inputs]
    pins += [(name, "OUTPUT") for name in master.outputs]
    step = min(master.width, master.height) // (len(pins) + 1)
    for index, (name, direction) in enumerate(pins):
        low, high = microns((index + 1) * step), microns((index + 1) * step + 70)
        yield f"  PIN {name}\n    DIRECTION {direction} ;\n    USE SIGNAL ;\n    PORT"
        yield f"      LAYER m1 ;\n      RECT {low} {low} {high} {high} ;\n    END\n  END {name}"
    yield f"END {master.name}"


class Generator:
    """One design; all of it follows from the number of components and the seed."""

    def __init__(self, num_components, seed):
        self.rng = random.Random(seed)
        self.cells, self.rams = make_masters()
        self.masters = self.rng.choices(self.cells, CELL_SHARES, k=num_components)
        for index in range(0, num_components, COMPONENTS_PER_MACRO):
            self.masters[index] = self.rams[index // COMPONENTS_PER_MACRO % len(self.rams)]
        self.names = [
            f"u{i // BLOCK}/m{i % BLOCK // MODULE}/g{i}" for i in range(num_components)
        ]
        area = sum(master.width * master.height for master in self.masters) / UTILISATION
        self.num_rows = math.ceil(math.sqrt(area) / ROW_HEIGHT) + 1
        self.num_sites = self.num_rows * ROW_HEIGHT // SITE_WIDTH
        self.die = (self.num_sites * SITE_WIDTH, self.num_rows * ROW_HEIGHT)
        self.num_ports = max(2, 2 * math.isqrt(num_components))

    def lines(self):
        return itertools.chain(
            self.header(),
            self.component_lines(),
            self.pin_lines(),
            self.net_lines(),
            ["END DESIGN"],
        )

    def header(self):
        yield 'VERSION 5.8 ;\nDIVIDERCHAR "/" ;\nBUSBITCHARS "[]" ;\nDESIGN synthetic ;'
        yield f"UNITS DISTANCE MICRONS {UNITS} ;"
        yield f"DIEAREA ( 0 0 ) ( {self.die[0]} {self.die[1]} ) ;"
        for row in range(self.num_rows):
            orientation = "FS" if row % 2 else "N"
            yield (
                f"ROW row_{row} core 0 {row * ROW_HEIGHT} {orientation} "
                f"DO {self.num_sites} BY 1 STEP {SITE_WIDTH} 0 ;"
            )
        for name, direction in LAYERS:
            axis, length = ("Y", self.die[1]) if direction == "HORIZONTAL" else ("X", self.die[0])
            count = (length - PITCH // 2) // PITCH
            yield f"TRACKS {axis} {PITCH // 2} DO {count} STEP {PITCH} LAYER {name} ;"

    def component_lines(self):
        yield f"COMPONENTS {len(self.masters)} ;"
        x, row = 0, 0
        for name, master in zip(self.names, self.masters):
            if master.kind == "BLOCK":
                yield f"- {name} {master.name} + UNPLACED ;"
                continue
            if x + master.width > self.die[0]:
                x, row = 0, row + 1
            orientation = "FS" if row % 2 else "N"
            yield f"- {name} {master.name} + PLACED ( {x} {row * ROW_HEIGHT} ) {orientation} ;"
            x += master.width
        yield "END COMPONENTS"

    def pin_lines(self):
        """Inputs on the left edge, outputs on the right."""
        yield f"PINS {self.num_ports} ;"
        for port in range(self.num_ports):
            is_input = port < self.num_ports // 2
            x = 0 if is_input else self.die[0]
            y = self.die[1] * (port % (self.num_ports // 2 + 1) + 1) // (self.num_ports // 2 + 2)
            direction, orientation = ("INPUT", "E") if is_input else ("OUTPUT", "W")
            yield (
                f"- p{port} + NET n{port} + DIRECTION {direction} + USE SIGNAL\n"
                f"  + LAYER m3 ( -35 0 ) ( 35 140 ) + FIXED ( {x} {y} ) {orientation} ;"
            )
        yield "END PINS"

    def drivers(self):
        """Component and name of each output; the input ports drive the first nets."""
        for port in range(self.num_ports // 2):
            yield port, f"( PIN p{port} )"
        for index, master in enumerate(self.masters):
            for output in master.outputs:
                yield index, f"( {self.names[index]} {output} )"

    def distances(self, count):
        """Numbers of components between a driver and a sink: mostly few, some very many."""
        table = []
        for _ in range(1 << 16):
            length = 1 + int(self.rng.paretovariate(0.9) * 4)
            table.append(length if self.rng.random() < 0.5 else -length)
        return iter(self.rng.choices(table, k=count))

    def net_lines(self):
        num = len(self.masters)
        degrees = self.rng.choices(DEGREES, DEGREE_SHARES, k=num)
        distances = self.distances(8 * num)
        used = [0] * num
        num_free = sum(len(master.inputs) for master in self.masters)
        yield f"NETS {num} ;"
        for net, (start, driver) in enumerate(itertools.islice(self.drivers(), num)):
            ends = [driver]
            if self.num_ports // 2 <= net < self.num_ports:
                ends.append(f"( PIN p{net} )")
            num_sinks = min(degrees[net] - len(ends), num_free)
            num_free -= num_sinks
            for _ in range(num_sinks):
                sink = (start + next(distances)) % num
                while used[sink] == len(self.masters[sink].inputs):
                    sink = (sink + 1) % num
                ends.append(f"( {self.names[sink]} {self.masters[sink].inputs[used[sink]]} )")
                used[sink] += 1
            yield f"- n{net} {' '.join(ends)} + USE SIGNAL ;"
        yield "END NETS"


def write_lines(path, lines):
    """Writes them, with gzip if the name says so; without time or name, so that bytes repeat."""
    with open(path, "wb") as raw:
        target = raw
        if path.endswith(".gz"):
            target = gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0)
        lines = iter(lines)
        while chunk := list(itertools.islice(lines, LINES_PER_WRITE)):
            target.write(("\n".join(chunk) + "\n").encode("ascii"))
        if target is not raw:
            target.close()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("components", type=int, metavar="N", help="number of components, from 10")
    parser.add_argument("output", metavar="OUT.def[.gz]")
    parser.add_argument("--lef-out", metavar="OUT.lef[.gz]", help="writes its LEF too")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.components < 10:
        parser.error("N must be 10 or more")
    generator = Generator(arguments.components, arguments.seed)
    write_lines(arguments.output, generator.lines())
    if arguments.lef_out:
        write_lines(arguments.lef_out, lef_lines(generator.cells + generator.rams))


if __name__ == "__main__":
    main()
