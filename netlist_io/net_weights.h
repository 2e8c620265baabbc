#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/bookshelf/bookshelf.h"
#include "netlist_io/lefdef/def_design.h"
#include "netlist_io/netlist.h"

namespace tessera::netlist_io {

/// A line of a net weight file.
struct NetWeightRule {
  std::string net;      ///< a name, or a pattern in which `*` stands for any characters, also none
  double weight = 1.0;  ///< 0 to 1e6; multiplied onto the weight of the net
  std::size_t line = 0;
  std::size_t column = 0;
};

/// How much the nets of a design matter beyond what its own files say. Where several lines name a
/// net, the last of them counts.
struct NetWeights {
  std::string path;
  std::vector<NetWeightRule> rules;
};

/// Reads lines of `NET WEIGHT`, plain or gzip; a word that starts with `#` starts a comment. Throws
/// `ParseError` for anything else.
NetWeights read_net_weights(const std::string& path);

/// Same, of text in memory; `name` stands for the path in errors.
NetWeights parse_net_weights(std::string_view text, const std::string& name);

/// The factor of each of these nets, 1 for one that no line names. A word that is a net's name
/// means the nets of that name, even if there is a `*` in it. Throws `ParseError` for a line that
/// names no net. `named_by`: what names a net of this design, for that message.
std::vector<double> net_weight_factors(const NetWeights& weights,
                                       std::span<const std::string_view> names,
                                       std::string_view named_by);

/// Multiplies the weights of the nets called so in the design. Nets of weight 0 are left out on the
/// way to a netlist. Throws `ParseError` for a line that names no net.
void apply_net_weights(const NetWeights& weights, DefDesign& design);
void apply_net_weights(const NetWeights& weights, BookshelfDesign& design);

/// Same for a netlist whose nets have no names: each is called like the macro pin, the port or the
/// standard cell that drives it. Returns it with the new weights, without the nets of weight 0.
Netlist apply_net_weights(const NetWeights& weights, const Netlist& netlist);

}  // namespace tessera::netlist_io
