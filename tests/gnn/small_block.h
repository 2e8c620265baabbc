#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "placer/macro_problem.h"

namespace tessera::testing {

/// Builds netlists node by node. Every net has a pin of its own on each of its nodes but ports,
/// which have one pin, at their centre.
class BlockBuilder {
 public:
  netlist_io::NodeId add_port(double x, double y);
  netlist_io::NodeId add_hard_macro(double width, double height);
  netlist_io::NodeId add_soft_macro(double width, double height);
  void add_net(netlist_io::NodeId driver,
               const std::vector<netlist_io::NodeId>& sinks,
               double weight = 1.0);

  netlist_io::Netlist build() const { return netlist_io::Netlist(records_); }

 private:
  netlist_io::NodeId add_node(
      netlist_io::NodeKind kind, double width, double height, double x, double y);
  netlist_io::PinId pin_for_net(netlist_io::NodeId node, double weight);

  netlist_io::NetlistRecords records_;
  std::uint32_t next_file_index_ = 0;
};

/// A block with the problem of placing its macros.
struct SmallBlock {
  netlist_io::Netlist netlist;
  netlist_io::Canvas canvas;
  std::unique_ptr<const placer::MacroProblem> problem;
};

std::unique_ptr<const SmallBlock> make_block(netlist_io::Netlist netlist,
                                             double width,
                                             double height,
                                             netlist_io::GridShape grid,
                                             placer::PositionPrior prior);

/// Three macros of different sizes, a cluster and four ports on a canvas of 3 x 3 cells of 10 um:
/// 9 * 8 * 7 = 504 placements. Every macro is drawn to a port of its own.
///
///      top
///   left . T      large to L, small to T, medium to R; the cluster between them and the bottom
///      . . .
///      B . right
std::unique_ptr<const SmallBlock> toy_block();

/// Six hard macros of different sizes, eight clusters and five ports with random nets.
/// `order[k]` is the number, in the unpermuted block, of the k-th macro in the file.
std::unique_ptr<const SmallBlock> random_block(std::uint64_t seed,
                                               const std::vector<std::size_t>& order);
inline constexpr std::size_t kRandomBlockMacros = 14;

/// 0, 1, ..., count - 1.
std::vector<std::size_t> identity(std::size_t count);

}  // namespace tessera::testing
