#include "tests/gnn/small_block.h"

#include <numeric>
#include <utility>

#include "netlist_io/rng.h"

namespace tessera::testing {

using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::PinId;

NodeId BlockBuilder::add_node(NodeKind kind, double width, double height, double x, double y) {
  netlist_io::NodeRecord node;
  node.name = std::to_string(records_.nodes.size());
  node.kind = kind;
  node.width = width;
  node.height = height;
  node.x = x;
  node.y = y;
  node.file_index = next_file_index_++;
  records_.nodes.push_back(node);
  const NodeId id(records_.nodes.size() - 1);
  if (kind == NodeKind::kPort) {
    netlist_io::PinRecord pin;
    pin.node = id;
    pin.file_index = node.file_index;
    records_.pins.push_back(pin);
  }
  return id;
}

NodeId BlockBuilder::add_port(double x, double y) {
  return add_node(NodeKind::kPort, 0.0, 0.0, x, y);
}

NodeId BlockBuilder::add_hard_macro(double width, double height) {
  return add_node(NodeKind::kHardMacro, width, height, 0.0, 0.0);
}

NodeId BlockBuilder::add_soft_macro(double width, double height) {
  return add_node(NodeKind::kSoftMacro, width, height, 0.0, 0.0);
}

PinId BlockBuilder::pin_for_net(NodeId node, double weight) {
  if (records_.nodes[node.index()].kind == NodeKind::kPort) {
    for (std::size_t i = 0; i < records_.pins.size(); ++i) {
      if (records_.pins[i].node == node) {
        return PinId(i);
      }
    }
  }
  netlist_io::PinRecord pin;
  pin.node = node;
  pin.name = records_.nodes[node.index()].name;
  pin.name += '/';
  pin.name += std::to_string(records_.pins.size());
  pin.file_index = next_file_index_++;
  pin.weight = weight;
  records_.pins.push_back(pin);
  return PinId(records_.pins.size() - 1);
}

void BlockBuilder::add_net(NodeId driver, const std::vector<NodeId>& sinks, double weight) {
  netlist_io::NetRecord net;
  net.driver = pin_for_net(driver, weight);
  for (const NodeId sink : sinks) {
    net.sinks.push_back(pin_for_net(sink, 1.0));
  }
  records_.nets.push_back(net);
}

std::unique_ptr<const SmallBlock> make_block(Netlist netlist,
                                             double width,
                                             double height,
                                             netlist_io::GridShape grid,
                                             placer::PositionPrior prior) {
  auto block = std::make_unique<SmallBlock>();
  block->netlist = std::move(netlist);
  block->canvas.width = width;
  block->canvas.height = height;
  block->canvas.grid = grid;
  placer::MacroProblemOptions options;
  options.prior = prior;
  block->problem = std::make_unique<const placer::MacroProblem>(
      block->netlist, block->canvas, netlist_io::Placement(block->netlist), options);
  return block;
}

std::unique_ptr<const SmallBlock> toy_block() {
  BlockBuilder builder;
  const NodeId left = builder.add_port(0.0, 25.0);
  const NodeId right = builder.add_port(30.0, 5.0);
  const NodeId top = builder.add_port(25.0, 30.0);
  const NodeId bottom = builder.add_port(5.0, 0.0);
  const NodeId large = builder.add_hard_macro(10.0, 10.0);
  const NodeId medium = builder.add_hard_macro(10.0, 6.0);
  const NodeId small = builder.add_hard_macro(4.0, 4.0);
  const NodeId cluster = builder.add_soft_macro(5.0, 5.0);
  builder.add_net(large, {left}, 6.0);
  builder.add_net(medium, {right}, 6.0);
  builder.add_net(small, {top}, 6.0);
  builder.add_net(bottom, {cluster});
  builder.add_net(cluster, {large, medium});
  return make_block(builder.build(), 30.0, 30.0, {3, 3}, placer::PositionPrior::kForceDirected);
}

std::unique_ptr<const SmallBlock> random_block(std::uint64_t seed,
                                               const std::vector<std::size_t>& order) {
  constexpr std::size_t kHard = 6;
  constexpr std::size_t kPorts = 5;
  constexpr std::size_t kNets = 30;
  BlockBuilder builder;
  std::vector<NodeId> node(kRandomBlockMacros);
  for (const std::size_t macro : order) {
    const double side = 8.0 + static_cast<double>(macro);
    node[macro] = macro < kHard ? builder.add_hard_macro(side, 2.0 * side)
                                : builder.add_soft_macro(0.5 * side, 0.5 * side);
  }
  netlist_io::Rng rng = netlist_io::Rng::derive(seed, "random block");
  for (std::size_t i = 0; i < kPorts; ++i) {
    node.push_back(builder.add_port(rng.uniform(0.0, 100.0), i % 2 == 0 ? 0.0 : 90.0));
  }
  for (std::size_t i = 0; i < kNets; ++i) {
    const std::size_t driver = rng.below(kRandomBlockMacros);
    const std::size_t sink = (driver + 1 + rng.below(node.size() - 1)) % node.size();
    const std::size_t other = (driver + 1 + rng.below(node.size() - 1)) % node.size();
    builder.add_net(node[driver], {node[sink], node[other]}, 1.0 + static_cast<double>(i % 4));
  }
  return make_block(builder.build(), 100.0, 90.0, {11, 9}, placer::PositionPrior::kForceDirected);
}

std::vector<std::size_t> identity(std::size_t count) {
  std::vector<std::size_t> result(count);
  std::iota(result.begin(), result.end(), std::size_t{0});
  return result;
}

}  // namespace tessera::testing
