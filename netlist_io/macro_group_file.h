#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/errors.h"
#include "netlist_io/ids.h"
#include "netlist_io/netlist.h"
#include "netlist_io/orientation.h"
#include "netlist_io/placement.h"

namespace tessera::netlist_io {

/// Hard macros that keep their places relative to each other: an array, a row or a column.
struct MacroGroup {
  /// Space between the boxes of neighbours, microns.
  struct Gap {
    double x = 0.0;
    double y = 0.0;
  };

  std::string name;
  int columns = 1;
  int rows = 1;
  std::optional<Gap> gap;                  ///< none: what keep-outs and channels ask for
  std::optional<Orientation> orientation;  ///< of all members; none: theirs, the array may mirror
  std::vector<NodeId> members;             ///< row by row from the lower left
  SourceLocation location;                 ///< of the name
};

/// Reads lines of `array NAME COLSxROWS [gap=X[,Y]] [orient=O] MACRO...`, `row NAME ...` and
/// `column NAME ...`, the latter without a size; `#` starts a comment. A macro is the name of a
/// hard macro or a regular expression for whole names, which stands for all that match, sorted by
/// name with numbers as numbers.
///
/// Throws `ParseError` for anything else, names that are taken, macros that do not exist, that are
/// in a group already or that `placement` has as fixed, and sizes that their number does not fit.
std::vector<MacroGroup> read_macro_groups(const std::string& path,
                                          const Netlist& netlist,
                                          const Placement& placement);

/// Same, of text in memory; `name` stands for the path in errors.
std::vector<MacroGroup> parse_macro_groups(std::string_view text,
                                           const std::string& name,
                                           const Netlist& netlist,
                                           const Placement& placement);

}  // namespace tessera::netlist_io
