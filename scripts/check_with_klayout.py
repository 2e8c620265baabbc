"""Compares what KLayout and our own readers find in a DEF with its LEF files.

Run by check_with_klayout.sh inside KLayout, which sets the variables `def_path`, `lef_paths` (one a
line), `netlist_path` (what the program made of the DEF as a netlist.pb.txt; empty to leave the program
out) and `scripts` (the folder of this file).
"""

import re
import sys

import pya

sys.path.insert(0, scripts)  # noqa: F821
sys.dont_write_bytecode = True  # leaves no folders beside the scripts
import lef_def_text  # noqa: E402  pylint: disable=wrong-import-position

MAX_LINES = 20
INSTANCE_NAME = 1  # key under which KLayout keeps the names of the components
PIN_NAME = 2  # the same of pins, at their shapes
OUTLINE = "OUTLINE"  # layer of the boxes of masters
TOLERANCE = 1.001  # database units: centres of shapes fall between two

# Orientations by the quarter turns to the left, without and with a mirroring at the x axis before.
PLAIN = ("N", "W", "S", "E")
MIRRORED = ("FS", "FW", "FN", "FE")

NODE_NAME = re.compile(r'name: "((?:[^"\\]|\\.)*)"')
NODE_ATTRIBUTE = re.compile(
    r'key: "(\w+)"\s*value\s*\{\s*(?:f: (\S+)|placeholder: "((?:[^"\\]|\\.)*)")'
)


def plain(name):
    """A name without the backslashes of DEF and of strings."""
    return re.sub(r"\\(.)", r"\1", name)


def read_with_klayout(def_path, lef_paths, units):
    """The layout of a DEF with the units of the DEF as its own."""
    options = pya.LoadLayoutOptions()
    config = options.lefdef_config
    config.lef_files = lef_paths
    config.read_lef_with_def = False
    config.dbu = 1.0 / units
    config.instance_property_name = INSTANCE_NAME
    config.pin_property_name = PIN_NAME
    config.macro_resolution_mode = 1  # the shapes of LEF, no foreign layouts
    config.produce_cell_outlines = True
    config.cell_outline_layer = OUTLINE
    layout = pya.Layout()
    layout.read(def_path, options)
    return layout


def klayout_components(layout, masters, units):
    """Of each component: master, lower-left corner of the oriented box, orientation, instance."""
    found = {}
    instances = {}
    for instance in layout.top_cell().each_inst():
        name = instance.property(INSTANCE_NAME)
        master = masters.get(instance.cell.name)
        if name is None or master is None:
            continue  # a via
        turn = instance.trans
        x0, y0 = (-value for value in master.origin)
        box = pya.Box(*(round(value * units) for value in (x0, y0, x0 + master.width, y0 + master.height)))
        corner = box.transformed(turn).p1
        orientation = (MIRRORED if turn.is_mirror() else PLAIN)[turn.angle]
        found[name] = (master.name, corner.x, corner.y, orientation)
        instances[name] = instance
    return found, instances


def outline_of(cell):
    """The box of a master; empty if there is none."""
    box = pya.Box()
    layout = cell.layout()
    for layer in layout.layer_indexes():
        if layout.get_info(layer).name == OUTLINE:
            for shape in cell.each_shape(layer):
                box += shape.bbox()
    return box


def pin_boxes(cell):
    """Bounding box of the shapes of each pin in a cell of the layout."""
    boxes = {}
    for layer in cell.layout().layer_indexes():
        for shape in cell.each_shape(layer):
            name = shape.property(PIN_NAME)
            if name is not None and not shape.is_text():
                boxes[name] = boxes.get(name, pya.Box()) + shape.bbox()
    return boxes


def own_components(design):
    """Same as `klayout_components` of the text; components without a place are left out."""
    return {
        plain(component.name): (
            component.master,
            component.x,
            component.y,
            component.orientation,
        )
        for component in design.components
        if component.status != "UNPLACED"
    }


def without_unplaced(found, design):
    """KLayout keeps components without a place, at the origin."""
    unplaced = {
        plain(component.name) for component in design.components if component.status == "UNPLACED"
    }
    return {name: place for name, place in found.items() if name not in unplaced}


def differences(own, found):
    for name in sorted(own.keys() | found.keys()):
        if own.get(name) != found.get(name):
            yield f"{name}: the text says {own.get(name)}, KLayout {found.get(name)}"


def read_nodes(path):
    """Name and attributes of each node of a netlist.pb.txt as the program writes it."""
    nodes = []
    for block in lef_def_text.read_text(path).split("\nnode {"):
        name = NODE_NAME.search(block)
        if name:
            attributes = {
                key: plain(text) if text else float(number)
                for key, number, text in NODE_ATTRIBUTE.findall(block)
            }
            nodes.append((plain(name.group(1)), attributes))
    return nodes


class ProgramCheck:
    """Centres, sizes and orientations of components, positions of pins and ports: ours and KLayout's."""

    def __init__(self, layout, design, instances, placed):
        self.units = design.units
        self.origin = (min(x for x, _ in design.die), min(y for _, y in design.die))
        self.instances = instances
        self.placed = placed
        self.ports = pin_boxes(layout.top_cell())
        self.pins_of_masters = {}
        self.outlines = {}
        self.seen = set()
        self.counts = {"MACRO": 0, "STDCELL": 0, "MACRO_PIN": 0, "PORT": 0}
        self.lines = []

    def check(self, nodes, unplaced):
        for name, node in nodes:
            kind = node.get("type")
            if kind in ("MACRO", "STDCELL"):
                self.check_component(name, node, unplaced)
            elif kind == "MACRO_PIN":
                self.check_pin(name, node)
            elif kind == "PORT":
                self.check_port(name, node)
        for name in sorted(self.placed.keys() - self.seen):
            self.lines.append(f"{name}: the program has no such component")

    def check_component(self, name, node, unplaced):
        if name not in self.placed:
            if name not in unplaced:
                self.lines.append(f"{name}: KLayout has no such component")
            return
        self.seen.add(name)
        instance = self.instances[name]
        cell = instance.cell
        if cell.name not in self.outlines:
            self.outlines[cell.name] = outline_of(cell)
        outline = self.outlines[cell.name]
        self.check_position(node["type"], name, node, outline.transformed(instance.trans))
        orientation = self.placed[name][-1]
        if node["type"] == "MACRO" and node.get("orientation", "N") != orientation:
            self.lines.append(f"{name}: {node.get('orientation')}, KLayout {orientation}")
        own_size = (node["width"] * self.units, node["height"] * self.units)
        size = (outline.width(), outline.height())
        if any(abs(a - b) > TOLERANCE for a, b in zip(own_size, size)):
            self.lines.append(f"{name}: size {own_size}, KLayout {size} database units")

    def check_pin(self, name, node):
        macro = node["macro_name"]
        if macro not in self.placed:
            return
        instance = self.instances[macro]
        cell = instance.cell
        if cell.name not in self.pins_of_masters:
            self.pins_of_masters[cell.name] = pin_boxes(cell)
        box = self.pins_of_masters[cell.name].get(name[len(macro) + 1 :])
        self.check_position("MACRO_PIN", name, node, box and box.transformed(instance.trans))

    def position(self, node):
        """In database units of the DEF."""
        return node["x"] * self.units + self.origin[0], node["y"] * self.units + self.origin[1]

    def check_port(self, name, node):
        """The place of a port is its placement point, which lies on its shape."""
        x, y = self.position(node)
        box = self.ports.get(name)
        self.counts["PORT"] += 1
        if box is None or not box.contains(pya.Point(round(x), round(y))):
            self.lines.append(f"{name}: at {(x, y)}, KLayout's shape is {box}")

    def check_position(self, kind, name, node, box):
        """Against the centre of a box of the layout."""
        own = self.position(node)
        if box is None or box.empty():
            self.lines.append(f"{name}: at {own}, KLayout has no shape of it")
            return
        self.counts[kind] += 1
        theirs = ((box.left + box.right) / 2, (box.bottom + box.top) / 2)
        if any(abs(a - b) > TOLERANCE for a, b in zip(own, theirs)):
            self.lines.append(f"{name}: at {own}, KLayout {theirs} database units")


def print_some(lines):
    for line in lines[:MAX_LINES]:
        print(line)


def compare(def_path, lef_paths, netlist_path):
    """Prints the outcome; 0 if all agree, otherwise 1."""
    library = lef_def_text.read_lef(lef_paths)
    design = lef_def_text.read_def(def_path)
    layout = read_with_klayout(def_path, lef_paths, design.units)
    found, instances = klayout_components(layout, library.masters, design.units)
    found = without_unplaced(found, design)
    own = own_components(design)
    lines = list(differences(own, found))
    print_some(lines)
    print(
        f"{len(design.components)} components, {len(own)} placed, {len(found)} placed by KLayout, "
        f"{len(lines)} differences"
    )
    if netlist_path:
        check = ProgramCheck(layout, design, instances, found)
        check.check(
            read_nodes(netlist_path),
            {plain(c.name) for c in design.components if c.status == "UNPLACED"},
        )
        print_some(check.lines)
        print(
            "the program: {MACRO} macros, {STDCELL} cells, {MACRO_PIN} pins of macros, {PORT} of {shown} ports, ".format(
                **check.counts, shown=len(check.ports)
            )
            + f"{len(check.lines)} differences"
        )
        lines += check.lines
    return 1 if lines else 0


sys.stdout.flush()
STATUS = compare(def_path, lef_paths.split("\n"), netlist_path)  # noqa: F821
sys.stdout.flush()
pya.Application.instance().exit(STATUS)
