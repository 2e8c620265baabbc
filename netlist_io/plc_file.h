#pragma once

#include <span>
#include <string>
#include <string_view>

#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "netlist_io/plc_header.h"

namespace tessera::netlist_io {

/// A `.plc` file: header and placement.
struct PlcFile {
  PlcHeader header;
  Placement placement;
};

/// Reads only the header of a `.plc`, plain or gzip. Throws `ParseError`.
PlcHeader read_plc_header(const std::string& path);

/// Reads a `.plc`, plain or gzip, for `netlist`. Every port, macro and standard cell must have
/// exactly one row; ports become fixed whatever their flag says. Throws `ParseError`.
PlcFile read_plc(const std::string& path, const Netlist& netlist);

/// Same, of text in memory; `name` stands for the path in errors.
PlcFile parse_plc(std::string_view text, const std::string& name, const Netlist& netlist);

/// Serialises header and placement. Rows carry the shortest decimals that read back equal; the
/// text holds no date, path, duration or thread count. `comments` go into the header, a line each.
std::string format_plc(const Netlist& netlist,
                       const PlcHeader& header,
                       const Placement& placement,
                       std::span<const std::string> comments = {});

}  // namespace tessera::netlist_io
