#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "netlist_io/bookshelf/bookshelf.h"
#include "netlist_io/lefdef/def_design.h"
#include "netlist_io/lefdef/design_netlist.h"
#include "netlist_io/lefdef/lef_library.h"
#include "netlist_io/lefdef/routing_tracks.h"
#include "netlist_io/netlist.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/placement.h"
#include "netlist_io/plc_header.h"

namespace tessera::app {

/// The paths in `InputPaths::netlist`.
std::vector<std::string> split_at_commas(const std::string& text);

/// Where a netlist comes from: files, and what the reader needs to understand them.
struct InputPaths {
  std::string netlist;  ///< `.pb.txt[.gz]` (parts joined by commas), `.def[.gz]`, `.aux[.gz]`
  std::vector<std::string> lefs;           ///< with `.def`
  std::optional<std::string> plc;          ///< with `.pb.txt`
  std::optional<std::string> net_weights;  ///< lines of `NET WEIGHT`, with any format
  /// Numbers of a `.pb.txt`; what is to agree with Circuit Training to the bit needs its floats.
  netlist_io::NumberPrecision precision = netlist_io::NumberPrecision::kDouble;
};

/// A design in LEF/DEF, kept to write the DEF again.
struct LefDefSource {
  netlist_io::LefLibrary lef;
  netlist_io::DefDesign design;
  netlist_io::DesignNetlist netlist;  ///< its own `netlist` moved out
  netlist_io::RoutingTracksResult routing;
};

/// A Bookshelf design, kept to write it again.
struct BookshelfSource {
  netlist_io::BookshelfDesign design;
  netlist_io::BookshelfNetlist netlist;
};

/// A netlist of any format as read, flat or clustered.
struct InputNetlist {
  netlist_io::Netlist netlist;
  netlist_io::Placement placement;
  netlist_io::PlcHeader header;  ///< canvas, grid and constants as far as the input knows them
  std::vector<std::string> paths;
  std::vector<std::string> warnings;
  std::optional<LefDefSource> lefdef;
  std::optional<BookshelfSource> bookshelf;
};

enum class NetlistFormat { kProtobuf, kDef, kBookshelf };

/// By the name. Throws `netlist_io::OptionError` for one that tells no format.
NetlistFormat netlist_format(const std::string& path);

/// Reads a netlist by the format of its name. Throws `netlist_io::ParseError`, and
/// `netlist_io::OptionError` for files that do not go with the format.
InputNetlist read_input(const InputPaths& paths);

}  // namespace tessera::app
