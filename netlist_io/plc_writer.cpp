#include <algorithm>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/number_text.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/text_source.h"

namespace tessera::netlist_io {
namespace {

/// Columns of the count lines in the files of Circuit Training.
constexpr std::size_t kLabelWidth = 16;
constexpr std::size_t kCountWidth = 10;

std::string number(double value) {
  std::string text;
  append_number(text, value);
  return text;
}

void append_pair(std::string& text,
                 std::string_view first_label,
                 const std::string& first,
                 std::string_view second_label,
                 const std::string& second) {
  text.append("# ").append(first_label).append(" : ").append(first);
  text.append("  ").append(second_label).append(" : ").append(second).append("\n");
}

void append_field(std::string& text, std::string_view label, const std::string& value) {
  text.append("# ").append(label).append(" : ").append(value).append("\n");
}

void append_settings(std::string& text, const PlcHeader& header) {
  if (header.cols && header.rows) {
    append_pair(
        text, "Columns", std::to_string(*header.cols), "Rows", std::to_string(*header.rows));
  }
  if (header.width && header.height) {
    append_pair(text, "Width", number(*header.width), "Height", number(*header.height));
  }
  if (header.project) {
    append_field(text, "Project", *header.project);
  }
  if (header.block) {
    append_field(text, "Block", *header.block);
  }
  if (header.routes) {
    append_pair(text,
                "Routes per micron, hor",
                number(header.routes->horizontal),
                "ver",
                number(header.routes->vertical));
  }
  if (header.macro_routes) {
    append_pair(text,
                "Routes used by macros, hor",
                number(header.macro_routes->horizontal),
                "ver",
                number(header.macro_routes->vertical));
  }
  if (header.smoothing_factor) {
    append_field(text, "Smoothing factor", number(*header.smoothing_factor));
  }
  if (header.overlap_threshold) {
    append_field(text, "Overlap threshold", number(*header.overlap_threshold));
  }
}

void append_blockages(std::string& text, const std::vector<Blockage>& blockages) {
  for (const Blockage& blockage : blockages) {
    text += "# Blockage :";
    for (const double value :
         {blockage.rect.x0, blockage.rect.y0, blockage.rect.x1, blockage.rect.y1, blockage.rate}) {
      text += ' ';
      append_number(text, value);
    }
    text += '\n';
  }
}

void append_count(std::string& text, std::string_view label, std::size_t count) {
  const std::string digits = std::to_string(count);
  text.append("# ").append(label).append(kLabelWidth - label.size(), ' ').append(":");
  text.append(kCountWidth - std::min(kCountWidth, digits.size()), ' ').append(digits).append("\n");
}

void append_counts(std::string& text, const Netlist& netlist) {
  std::size_t num_hard_pins = 0;
  std::size_t num_soft_pins = 0;
  for (const NodeId macro : netlist.hard_macros()) {
    num_hard_pins += netlist.pins_of(macro).size();
  }
  for (const NodeId macro : netlist.soft_macros()) {
    num_soft_pins += netlist.pins_of(macro).size();
  }
  text += "# Counts of node types:\n";
  append_count(text, "HARD_MACROs", netlist.hard_macros().size());
  append_count(text, "HARD_MACRO_PINs", num_hard_pins);
  append_count(text, "MACROs", netlist.hard_macros().size() + netlist.soft_macros().size());
  append_count(text, "MACRO_PINs", num_hard_pins + num_soft_pins);
  append_count(text, "PORTs", netlist.ports().size());
  append_count(text, "SOFT_MACROs", netlist.soft_macros().size());
  append_count(text, "SOFT_MACRO_PINs", num_soft_pins);
  append_count(text, "STDCELLs", netlist.std_cells().size());
}

void append_comments(std::string& text, std::span<const std::string> comments) {
  for (const std::string& comment : comments) {
    std::string_view rest = comment;
    do {
      text.append("# ").append(take_line(rest)).append("\n");
    } while (!rest.empty());
  }
}

void append_rows(std::string& text, const Netlist& netlist, const Placement& placement) {
  std::vector<NodeId> nodes;
  nodes.reserve(netlist.num_nodes());
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    nodes.push_back(NodeId(i));
  }
  std::sort(nodes.begin(), nodes.end(), [&](NodeId a, NodeId b) {
    return netlist.file_index(a) < netlist.file_index(b);
  });
  for (const NodeId node : nodes) {
    const std::size_t i = node.index();
    const bool is_port = netlist.kind(node) == NodeKind::kPort;
    text.append(std::to_string(netlist.file_index(node))).append(" ");
    append_number(text, placement.x[i]);
    text += ' ';
    append_number(text, placement.y[i]);
    text.append(" ").append(is_port ? "-" : to_string(placement.orientation[i]));
    text.append(placement.fixed[i] != 0 ? " 1\n" : " 0\n");
  }
}

}  // namespace

std::string format_plc(const Netlist& netlist,
                       const PlcHeader& header,
                       const Placement& placement,
                       std::span<const std::string> comments) {
  if (placement.size() != netlist.num_nodes()) {
    throw std::invalid_argument("the placement has " + std::to_string(placement.size()) +
                                " nodes, the netlist " + std::to_string(netlist.num_nodes()));
  }
  std::string text = "# Placement file for Circuit Training\n";
  append_settings(text, header);
  text += "#\n";
  append_counts(text, netlist);
  text += "#\n";
  if (!header.blockages.empty()) {
    append_blockages(text, header.blockages);
    text += "#\n";
  }
  if (!comments.empty()) {
    text += "# User comments:\n";
    append_comments(text, comments);
    text += "#\n";
  }
  text += "# node_index x y orientation fixed\n";
  append_rows(text, netlist, placement);
  return text;
}

}  // namespace tessera::netlist_io
