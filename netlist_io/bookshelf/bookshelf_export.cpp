#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "netlist_io/bookshelf/bookshelf.h"

namespace tessera::netlist_io {
namespace {

BookshelfNode make_node(const Netlist& netlist, const Placement& placement, NodeId id) {
  const std::size_t i = id.index();
  const Rect box = placement.box(netlist, id);
  BookshelfNode node;
  node.name = netlist.name(id);
  node.width = netlist.width(id);
  node.height = netlist.height(id);
  node.x = box.x0;
  node.y = box.y0;
  node.orientation = placement.orientation[i];
  node.mobility = netlist.kind(id) == NodeKind::kPort ? BookshelfMobility::kTerminal
                                                      : BookshelfMobility::kMovable;
  node.fixed_by_pl = placement.fixed[i] != 0;
  return node;
}

void add_net(const Netlist& netlist, NetId id, BookshelfDesign& design) {
  BookshelfNet net;
  net.name = "n" + std::to_string(id.index());
  net.first_pin = static_cast<std::uint32_t>(design.pins.size());
  for (const PinId pin : netlist.pins_of(id)) {
    BookshelfPin end;
    end.node = static_cast<std::uint32_t>(netlist.pin_node(pin).index());
    end.direction =
        pin == netlist.driver(id) ? BookshelfPinDirection::kOutput : BookshelfPinDirection::kInput;
    end.offset = netlist.pin_offset(pin);
    end.has_offset = true;
    design.pins.push_back(end);
  }
  net.num_pins = static_cast<std::uint32_t>(design.pins.size()) - net.first_pin;
  if (netlist.weight(id) != 1.0) {
    net.weight = netlist.weight(id);
  }
  design.nets.push_back(std::move(net));
}

/// Rows as high as the highest cell or cluster, or a little higher, that fill the canvas.
std::vector<BookshelfRow> make_rows(const Netlist& netlist, const Canvas& canvas) {
  constexpr double kUsualRows = 100.0;
  constexpr long kSites = 1000;
  double height = 0.0;
  for (const auto cells : {netlist.std_cells(), netlist.soft_macros()}) {
    for (const NodeId cell : cells) {
      height = std::max(height, netlist.height(cell));
    }
  }
  const double num_rows =
      height > 0.0 ? std::max(1.0, std::floor(canvas.height / height + 1e-9)) : kUsualRows;
  BookshelfRow row;
  row.height = canvas.height / num_rows;
  row.site_width = row.site_spacing = canvas.width / static_cast<double>(kSites);
  row.site_orientation = "N";
  row.site_symmetry = "Y";
  row.num_sites = kSites;
  std::vector<BookshelfRow> rows;
  for (int r = 0; r < static_cast<int>(num_rows); ++r) {
    row.y = row.height * r;
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

BookshelfDesign make_bookshelf(const Netlist& netlist,
                               const Placement& placement,
                               const Canvas& canvas) {
  BookshelfDesign design;
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    design.nodes.push_back(make_node(netlist, placement, NodeId(i)));
  }
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    add_net(netlist, NetId(n), design);
  }
  design.rows = make_rows(netlist, canvas);
  return design;
}

}  // namespace tessera::netlist_io
