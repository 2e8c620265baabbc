#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/orientation.h"
#include "netlist_io/placement.h"

namespace tessera::netlist_io {

enum class BookshelfMobility : std::uint8_t { kMovable, kTerminal, kTerminalNi };

/// A node of `.nodes`, `.pl` and `.wts`. Lengths in the units of the files.
struct BookshelfNode {
  std::string name;
  double width = 0.0;   ///< in orientation N
  double height = 0.0;  ///< in orientation N
  double x = 0.0;       ///< lower-left corner of the oriented box
  double y = 0.0;
  Orientation orientation = Orientation::kN;
  BookshelfMobility mobility = BookshelfMobility::kMovable;
  bool fixed_by_pl = false;  ///< `/FIXED` or `/FIXED_NI` in `.pl`
  std::optional<double> weight;
};

enum class BookshelfPinDirection : std::uint8_t { kNone, kInput, kOutput, kBidirectional };

struct BookshelfPin {
  std::uint32_t node = 0;
  BookshelfPinDirection direction = BookshelfPinDirection::kNone;
  Offset offset;            ///< from the centre of the node in orientation N
  bool has_offset = false;  ///< whether the file gave one
};

struct BookshelfNet {
  std::string name;
  std::uint32_t first_pin = 0;
  std::uint32_t num_pins = 0;
  std::optional<double> weight;
};

/// `CoreRow` of `.scl`.
struct BookshelfRow {
  double y = 0.0;
  double height = 0.0;
  double site_width = 1.0;
  double site_spacing = 1.0;
  std::string site_orientation;
  std::string site_symmetry;
  double x = 0.0;  ///< `SubrowOrigin`
  long num_sites = 0;
};

/// A benchmark in the Bookshelf format of the GSRC/ISPD placement suites, nothing interpreted.
struct BookshelfDesign {
  std::string name;                ///< of the `.aux` file, without folder and ending
  std::vector<std::string> paths;  ///< of the files that were read, the `.aux` first
  std::vector<BookshelfNode> nodes;
  std::vector<BookshelfPin> pins;
  std::vector<BookshelfNet> nets;
  std::vector<BookshelfRow> rows;
  std::vector<std::string> warnings;

  /// Sum over nets of the half-perimeter of their pins, unweighted; offsets turned with the
  /// orientations of the nodes. In the units of the files.
  double hpwl() const;
};

/// Reads the `.aux` file and the members it names (`.nodes .nets .pl .scl .wts`; a member that is
/// missing under its name is tried with `.gz`, or without; `.wts` may be missing). Nets without
/// name are called `net<i>`. A name in `.wts` that is both a node's and a net's is taken for the
/// kind that more of its names are, for a net if equal. Throws `ParseError`.
BookshelfDesign read_bookshelf(const std::string& aux_path);

/// Writes all members beside `aux_path`, atomically each, the `.aux` last; members end in `.gz`,
/// also in the `.aux`, if `compress` says so. Numbers in the shortest form that reads back equal.
/// Throws `std::invalid_argument` if a name is empty, has blanks or starts with `#`,
/// `std::runtime_error` if a file cannot be written.
void write_bookshelf(const BookshelfDesign& design, const std::string& aux_path, bool compress);

/// The text of a `.pl` file.
std::string format_bookshelf_pl(const BookshelfDesign& design);

/// A Bookshelf design as a netlist: one micron is one unit of the files, and the canvas is the
/// bounding box of the rows, its lower-left corner moved to (0, 0). Movable nodes taller than a row
/// become hard macros; so do fixed ones that reach into the canvas, unless they are `terminal_NI`.
/// Other terminals, and fixed tall nodes outside, become ports, other nodes standard cells; the
/// pins of both are at their centres. Node i is node i of the design.
///
/// The driver of a net is its first output, else its first pin. Nets of one pin or without positive
/// weight are left out.
struct BookshelfNetlist {
  Netlist netlist;
  Placement placement;    ///< as in `.pl`
  Canvas canvas;          ///< 10 x 10 cells
  double origin_x = 0.0;  ///< lower-left corner of the canvas in the units of the files
  double origin_y = 0.0;
  std::size_t num_guessed_drivers = 0;  ///< nets without any output
};
/// Throws `ParseError` if the rows span no area.
BookshelfNetlist to_netlist(const BookshelfDesign& design);

/// A netlist and its placement as a Bookshelf design, a micron being a unit. Rows fill the canvas
/// and are as high as the highest standard cell or cluster at least: hard macros lower than that
/// read back as cells. Pins of macros lose their names, nets get new ones; blockages are lost.
BookshelfDesign make_bookshelf(const Netlist& netlist,
                               const Placement& placement,
                               const Canvas& canvas);

/// Gives the design the positions of a placement of `to_netlist(design)`, and the macros their
/// orientations. Nodes that have not moved keep their coordinates bit by bit. Throws
/// `std::invalid_argument` if the number of nodes differs.
void apply_placement(const BookshelfNetlist& netlist,
                     const Placement& placement,
                     BookshelfDesign& design);

}  // namespace tessera::netlist_io
