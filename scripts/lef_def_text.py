"""Reads of LEF and DEF what the checks need: sizes and symmetries of masters, die, components.

Written apart from the readers of the program, so that the two can be held against each other.
Standard library only. Lengths of LEF are in microns, those of DEF in database units.
"""

import dataclasses
import gzip
import re
from fractions import Fraction

# What an orientation does to a point (x, y) of a master: (a x + b y, c x + d y).
MATRICES = {
    "N": (1, 0, 0, 1),
    "W": (0, -1, 1, 0),
    "S": (-1, 0, 0, -1),
    "E": (0, 1, -1, 0),
    "FN": (-1, 0, 0, 1),
    "FW": (0, 1, 1, 0),
    "FS": (1, 0, 0, -1),
    "FE": (0, -1, -1, 0),
}

TOKEN = re.compile(r'"[^"]*"|#[^\n]*|\S+')
COMMENT = re.compile(r"(?m)(?:^|(?<=[ \t]))#[^\n]*")
COMPONENT = re.compile(r'-\s+(\S+)\s+(\S+)((?:[^;"]|"[^"]*")*);')
PLACEMENT = re.compile(
    r"\+\s*(PLACED|FIXED|COVER|UNPLACED)\b(?:\s*\(\s*(-?\d+)\s+(-?\d+)\s*\)\s*([NSEWF]+))?"
)
HALO = re.compile(r"\+\s*HALO\s+(?:SOFT\s+)?(\d+)\s+(\d+)\s+(\d+)\s+(\d+)")
POINT = re.compile(r"\(\s*(\S+)\s+(\S+)\s*\)")


class FormatError(Exception):
    """A file that cannot be read as LEF or DEF."""


@dataclasses.dataclass
class Master:
    """A MACRO of LEF; sizes in microns, exact."""

    name: str
    kind: str = ""  # CLASS, its first word
    width: Fraction = Fraction(0)
    height: Fraction = Fraction(0)
    origin: tuple = (Fraction(0), Fraction(0))  # from its lower-left corner
    symmetry: frozenset = frozenset()


@dataclasses.dataclass
class Library:
    """All LEF files together."""

    grid: Fraction = Fraction(0)  # MANUFACTURINGGRID, microns; 0 if not given
    masters: dict = dataclasses.field(default_factory=dict)
    site_heights: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Component:
    """A component of DEF with the place of its placement clause in the text."""

    name: str
    master: str
    status: str = "UNPLACED"
    x: int = 0
    y: int = 0
    orientation: str = "N"
    halo: tuple = (0, 0, 0, 0)  # left, bottom, right, top of orientation N
    clause: tuple = (0, 0)  # empty, in front of the semicolon, if there is none

    def position(self):
        return self.status, self.x, self.y, self.orientation


@dataclasses.dataclass
class Design:
    """A DEF file."""

    path: str
    text: str
    units: int = 0
    die: list = dataclasses.field(default_factory=list)  # corners
    row_sites: set = dataclasses.field(default_factory=set)
    components: list = dataclasses.field(default_factory=list)
    blockages: list = dataclasses.field(default_factory=list)  # hard ones, (x0, y0, x1, y1)


def read_text(path):
    """The bytes of a file, inflated if they are gzip, one character for each."""
    with open(path, "rb") as source:
        data = source.read()
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    return data.decode("latin-1")


def oriented_size(width, height, orientation):
    """Width and height of the box of a master in an orientation."""
    return (width, height) if MATRICES[orientation][0] else (height, width)


def oriented_margins(margins, orientation):
    """Left, bottom, right and top margins of a master after it is turned."""
    left, bottom, right, top = margins
    a, b, c, d = MATRICES[orientation]
    corners = [(-left, -bottom), (right, top)]
    xs = [a * x + b * y for x, y in corners]
    ys = [c * x + d * y for x, y in corners]
    return -min(xs), -min(ys), max(xs), max(ys)


def read_lef(paths):
    """The masters of several LEF files; the first of a name counts."""
    library = Library()
    for path in paths:
        tokens = [token for token in TOKEN.findall(read_text(path)) if not token.startswith("#")]
        try:
            read_lef_tokens(tokens, library)
        except (IndexError, ValueError) as error:
            raise FormatError(f"{path}: cannot be read as LEF: {error}") from error
    return library


def read_lef_tokens(tokens, library):
    at = 0
    while at < len(tokens):
        word = tokens[at]
        if word == "MANUFACTURINGGRID":
            library.grid = Fraction(tokens[at + 1])
        if word == "MACRO":
            at = read_master(tokens, at, library)
        elif word == "SITE":
            at = read_site(tokens, at, library)
        elif word in ("LAYER", "VIA", "VIARULE", "NONDEFAULTRULE"):
            at = end_of_block(tokens, at)
        elif word in ("PROPERTYDEFINITIONS", "SPACING", "UNITS"):
            at = tokens.index("END", at) + 2
        else:
            at = end_of_statement(tokens, at)


def end_of_statement(tokens, at):
    if tokens[at] == "END":
        return at + 2
    return tokens.index(";", at) + 1


def end_of_block(tokens, at):
    """Behind `END name` of the block `KEYWORD name ...` at `at`."""
    name = tokens[at + 1]
    at += 2
    while tokens[at] != "END" or tokens[at + 1] != name:
        at += 1
    return at + 2


def read_site(tokens, at, library):
    end = end_of_block(tokens, at)
    size = tokens.index("SIZE", at, end)
    library.site_heights.setdefault(tokens[at + 1], Fraction(tokens[size + 3]))
    return end


def read_master(tokens, at, library):
    master = Master(tokens[at + 1])
    at += 2
    while tokens[at] != "END" or tokens[at + 1] != master.name:
        word = tokens[at]
        if word == "CLASS":
            master.kind = tokens[at + 1]
        elif word == "SIZE":
            master.width, master.height = Fraction(tokens[at + 1]), Fraction(tokens[at + 3])
        elif word == "ORIGIN":
            master.origin = (Fraction(tokens[at + 1]), Fraction(tokens[at + 2]))
        elif word == "SYMMETRY":
            master.symmetry = frozenset(tokens[at + 1 : tokens.index(";", at)])
        if word == "PIN":
            at = end_of_block(tokens, at)
        elif word in ("OBS", "DENSITY"):
            at = tokens.index("END", at) + 1
        else:
            at = tokens.index(";", at) + 1
    library.masters.setdefault(master.name, master)
    return at + 2


def section(text, name):
    """Where the statements of a section begin and end; nothing if there is no such section."""
    start = re.compile(rf"(?m)^[ \t]*{name}\s+\d+\s*;").search(text)
    if not start:
        return None
    end = re.compile(rf"(?m)^[ \t]*END\s+{name}\b").search(text, start.end())
    if not end:
        raise FormatError(f"the section {name} has no end")
    return start.end(), end.start()


def read_def(path):
    """A DEF file with its text, in which the places of the components count."""
    text = read_text(path)
    plain = COMMENT.sub(lambda match: " " * len(match.group()), text)
    try:
        return parse_def(path, text, plain)
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error


def parse_def(path, text, plain):
    design = Design(path, text)
    found = section(plain, "COMPONENTS")
    header = plain[: found[0]] if found else plain
    units = re.search(r"(?m)^[ \t]*UNITS\s+DISTANCE\s+MICRONS\s+(\d+)\s*;", header)
    if not units:
        raise FormatError("there is no UNITS DISTANCE MICRONS")
    design.units = int(units.group(1))
    die = re.search(r"(?m)^[ \t]*DIEAREA\s+([^;]*);", header)
    design.die = points_of(die.group(1)) if die else []
    design.row_sites = set(re.findall(r"(?m)^[ \t]*ROW\s+\S+\s+(\S+)", header))
    if found:
        design.components = [
            component_of(match) for match in COMPONENT.finditer(plain, found[0], found[1])
        ]
    design.blockages = hard_blockages(plain)
    return design


def points_of(text):
    """The points of a list, `*` repeating the coordinate before."""
    points = []
    for x, y in POINT.findall(text):
        points.append(
            (points[-1][0] if x == "*" else int(x), points[-1][1] if y == "*" else int(y))
        )
    return points


def component_of(match):
    body = match.group(3)
    component = Component(match.group(1), match.group(2), clause=(match.end() - 1,) * 2)
    if "+" not in body:
        return component
    placement = PLACEMENT.search(body)
    if placement:
        start = match.start(3)
        component.clause = (start + placement.start(), start + placement.end())
        component.status = placement.group(1)
        if placement.group(2):
            component.x, component.y = int(placement.group(2)), int(placement.group(3))
            component.orientation = placement.group(4)
            if component.orientation not in MATRICES:
                raise FormatError(f"{component.name} has the orientation {component.orientation}")
    halo = HALO.search(body) if "HALO" in body else None
    if halo:
        component.halo = tuple(int(value) for value in halo.groups())
    return component


def hard_blockages(text):
    found = section(text, "BLOCKAGES")
    rectangles = []
    for statement in text[found[0] : found[1]].split(";") if found else []:
        words = statement.split()
        if words[:2] != ["-", "PLACEMENT"] or {"SOFT", "PARTIAL", "COMPONENT"} & set(words):
            continue
        for shape in re.finditer(r"(RECT|POLYGON)((?:\s*\([^)]*\))+)", statement):
            rectangles.extend(rectangles_of(points_of(shape.group(2))))
    return rectangles


def rectangles_of(corners):
    """The area of a rectangle given by two corners, or of a rectilinear polygon, in slabs."""
    if len(corners) == 2:
        (x0, y0), (x1, y1) = corners
        corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    edges = list(zip(corners, corners[1:] + corners[:1]))
    levels = sorted({y for _, y in corners})
    rectangles = []
    for low, high in zip(levels, levels[1:]):
        crossings = sorted(
            a[0] for a, b in edges if min(a[1], b[1]) <= low and high <= max(a[1], b[1])
        )
        rectangles.extend(
            (x0, low, x1, high) for x0, x1 in zip(crossings[::2], crossings[1::2])
        )
    return rectangles
