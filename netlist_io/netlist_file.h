#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "netlist_io/netlist.h"
#include "netlist_io/plc_header.h"

namespace tessera::netlist_io {

/// How decimal numbers become coordinates.
enum class NumberPrecision : std::uint8_t {
  kDouble,   ///< as written, IEEE double
  kFloat32,  ///< rounded to float32 first, as protobuf floats are; reproduces Google's binary
};

/// A netlist together with what its leading `#` comments say about the canvas.
struct NetlistFile {
  Netlist netlist;
  PlcHeader header;
};

/// Reads `netlist.pb.txt` files, plain or gzip (by content, not by name), which are concatenated:
/// several files of one list make one netlist. Every macro and standard cell needs width and
/// height; absent coordinates and offsets are 0. Throws `ParseError`, also if there are no nodes.
NetlistFile read_netlist(std::span<const std::string> paths,
                         NumberPrecision precision = NumberPrecision::kDouble);

/// Same, of text in memory; `name` stands for the path in errors.
NetlistFile parse_netlist(std::string_view text,
                          const std::string& name,
                          NumberPrecision precision = NumberPrecision::kDouble);

/// How numbers are written.
enum class NumberStyle : std::uint8_t {
  kShortestDouble,  ///< in the shortest form that reads back equal: a round trip changes no cost
  kFloat32,         ///< rounded to float32 first, as Circuit Training's own writer does
};

/// Serialises in the layout of Circuit Training's `netlist.pb.txt` (attributes alphabetical, hard
/// nodes in upper case, soft ones in lower case). The format has one net per driver: of a standard
/// cell that drives several, the first net takes the sinks of all (`num_united_nets`).
std::string format_netlist(const Netlist& netlist,
                           NumberStyle style = NumberStyle::kShortestDouble);

/// How many nets `format_netlist` unites with another of the same driver.
std::size_t num_united_nets(const Netlist& netlist);

/// Writes `format_netlist` to `path`, gzip if the name ends in `.gz`. Atomic.
void write_netlist(const Netlist& netlist,
                   const std::string& path,
                   NumberStyle style = NumberStyle::kShortestDouble);

}  // namespace tessera::netlist_io
