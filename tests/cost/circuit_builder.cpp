#include "tests/cost/circuit_builder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tessera::testing {

using netlist_io::Canvas;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::NodeRecord;
using netlist_io::Offset;
using netlist_io::Orientation;
using netlist_io::PinId;
using netlist_io::PinRecord;

NodeId CircuitBuilder::add_node(NodeRecord node) {
  node.file_index = next_index_++;
  records_.nodes.push_back(std::move(node));
  return NodeId(records_.nodes.size() - 1);
}

PinId CircuitBuilder::add_pin(PinRecord pin) {
  records_.pins.push_back(std::move(pin));
  return PinId(records_.pins.size() - 1);
}

PinId CircuitBuilder::port(const std::string& name, double x, double y) {
  NodeRecord node;
  node.name = name;
  node.kind = NodeKind::kPort;
  node.x = x;
  node.y = y;
  PinRecord terminal;
  terminal.node = add_node(node);
  terminal.file_index = records_.nodes.back().file_index;
  return add_pin(terminal);
}

NodeId CircuitBuilder::hard(const std::string& name,
                            double width,
                            double height,
                            double x,
                            double y,
                            Orientation orientation) {
  NodeRecord node;
  node.name = name;
  node.kind = NodeKind::kHardMacro;
  node.orientation = orientation;
  node.width = width;
  node.height = height;
  node.x = x;
  node.y = y;
  return add_node(node);
}

NodeId CircuitBuilder::soft(
    const std::string& name, double width, double height, double x, double y) {
  const NodeId node = hard(name, width, height, x, y);
  records_.nodes.back().kind = NodeKind::kSoftMacro;
  return node;
}

PinId CircuitBuilder::std_cell(
    const std::string& name, double width, double height, double x, double y) {
  PinRecord terminal;
  terminal.node = hard(name, width, height, x, y);
  records_.nodes.back().kind = NodeKind::kStdCell;
  terminal.file_index = records_.nodes.back().file_index;
  return add_pin(terminal);
}

PinId CircuitBuilder::pin(NodeId macro, Offset offset, double weight) {
  PinRecord record;
  record.node = macro;
  record.name = records_.nodes[macro.index()].name + "/P" + std::to_string(records_.pins.size());
  record.offset = offset;
  record.weight = weight;
  record.file_index = next_index_++;
  return add_pin(record);
}

void CircuitBuilder::net(PinId driver, std::vector<PinId> sinks) {
  records_.nets.push_back({driver, std::move(sinks)});
}

Canvas make_canvas(double width, double height, int cols, int rows) {
  Canvas canvas;
  canvas.width = width;
  canvas.height = height;
  canvas.grid = {cols, rows};
  return canvas;
}

std::vector<double> from_top(std::vector<std::vector<double>> rows) {
  std::reverse(rows.begin(), rows.end());
  std::vector<double> cells;
  for (const std::vector<double>& row : rows) {
    cells.insert(cells.end(), row.begin(), row.end());
  }
  return cells;
}

double max_difference(const std::vector<double>& a, const std::vector<double>& b) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (a.size() != b.size()) {
    return kInfinity;
  }
  double largest = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]) / std::max(1.0, std::abs(b[i]));
    largest = std::isnan(difference) ? kInfinity : std::max(largest, difference);
  }
  return largest;
}

double relative_error(double value, double expected) {
  const double difference = std::abs(value - expected);
  if (std::isnan(difference)) {
    return std::numeric_limits<double>::infinity();
  }
  return expected == 0.0 ? difference : difference / std::abs(expected);
}

}  // namespace tessera::testing
