#include "placer/grid_packing.h"

#include <algorithm>
#include <numeric>

#include "netlist_io/rng.h"

namespace tessera::placer {

std::optional<GridPacking> find_grid_packing(const netlist_io::Netlist& netlist,
                                             const netlist_io::Placement& placement,
                                             std::span<const netlist_io::NodeId> macros,
                                             const GridLegality& legality) {
  constexpr int kRandomOrders = 2000;
  GridPacking packing;
  packing.order.resize(macros.size());
  std::iota(packing.order.begin(), packing.order.end(), std::size_t{0});
  const auto try_order = [&](auto key) {
    std::stable_sort(packing.order.begin(), packing.order.end(), [&](std::size_t a, std::size_t b) {
      return key(a) > key(b);
    });
    return pack_first_fit(legality, packing.order);
  };
  const auto width = [&](std::size_t i) { return placement.box(netlist, macros[i]).width(); };
  const auto height = [&](std::size_t i) { return placement.box(netlist, macros[i]).height(); };

  std::optional<std::vector<CellIndex>> cells =
      try_order([&](std::size_t i) { return width(i) * height(i); });
  if (!cells) {
    cells = try_order(height);
  }
  if (!cells) {
    cells = try_order(width);
  }
  netlist_io::Rng rng = netlist_io::Rng::derive(1, "packing order");
  for (int i = 0; !cells && i < kRandomOrders; ++i) {
    rng.shuffle(packing.order);
    cells = pack_first_fit(legality, packing.order);
  }
  if (!cells) {
    return std::nullopt;
  }
  packing.cells.resize(macros.size());
  for (std::size_t i = 0; i < packing.order.size(); ++i) {
    packing.cells[packing.order[i]] = (*cells)[i];
  }
  return packing;
}

}  // namespace tessera::placer
