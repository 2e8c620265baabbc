"""Compares the components of a DEF as KLayout reads them with our own reading of the text.

Run by check_with_klayout.sh inside KLayout, which sets the variables `def_path`, `lef_paths` (one a
line) and `scripts` (the folder of this file).
"""

import re
import sys

import pya

sys.path.insert(0, scripts)  # noqa: F821
sys.dont_write_bytecode = True  # leaves no folders beside the scripts
import lef_def_text  # noqa: E402  pylint: disable=wrong-import-position

MAX_LINES = 20
INSTANCE_NAME = 1  # key under which KLayout keeps the names of the components

# Orientations by the quarter turns to the left, without and with a mirroring at the x axis before.
PLAIN = ("N", "W", "S", "E")
MIRRORED = ("FS", "FW", "FN", "FE")


def read_with_klayout(def_path, lef_paths, units):
    """The layout of a DEF with the units of the DEF as its own."""
    options = pya.LoadLayoutOptions()
    config = options.lefdef_config
    config.lef_files = lef_paths
    config.read_lef_with_def = False
    config.dbu = 1.0 / units
    config.instance_property_name = INSTANCE_NAME
    layout = pya.Layout()
    layout.read(def_path, options)
    return layout


def klayout_components(layout, masters, units):
    """Positions by name: master, lower-left corner of the oriented box, orientation."""
    found = {}
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
    return found


def own_components(design):
    """Same, of the text; components without a place are left out."""
    return {
        re.sub(r"\\(.)", r"\1", component.name): (
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
        re.sub(r"\\(.)", r"\1", component.name)
        for component in design.components
        if component.status == "UNPLACED"
    }
    return {name: place for name, place in found.items() if name not in unplaced}


def differences(own, found):
    for name in sorted(own.keys() | found.keys()):
        if own.get(name) != found.get(name):
            yield f"{name}: the text says {own.get(name)}, KLayout {found.get(name)}"


def compare(def_path, lef_paths):
    """Prints the outcome; 0 if both agree, otherwise 1."""
    library = lef_def_text.read_lef(lef_paths)
    design = lef_def_text.read_def(def_path)
    layout = read_with_klayout(def_path, lef_paths, design.units)
    found = klayout_components(layout, library.masters, design.units)
    found = without_unplaced(found, design)
    own = own_components(design)
    lines = list(differences(own, found))
    for line in lines[:MAX_LINES]:
        print(line)
    print(
        f"{len(design.components)} components, {len(own)} placed, {len(found)} placed by KLayout, "
        f"{len(lines)} differences"
    )
    return 1 if lines else 0


sys.stdout.flush()
STATUS = compare(def_path, lef_paths.split("\n"))  # noqa: F821
sys.stdout.flush()
pya.Application.instance().exit(STATUS)
