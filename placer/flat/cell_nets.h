#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::placer {

/// The nets on some cells, with exact extents while the cells move. Cells have all their pins at
/// their centres.
class CellNets {
 public:
  /// Interval on one axis; empty if lo > hi.
  struct Extent {
    double lo = std::numeric_limits<double>::infinity();
    double hi = -std::numeric_limits<double>::infinity();

    void add(double at) {
      lo = std::min(lo, at);
      hi = std::max(hi, at);
    }
    /// Length after `add(at)`.
    double length_with(double at) const { return std::max(hi, at) - std::min(lo, at); }
  };
  struct Box {
    Extent x;
    Extent y;
  };
  /// A cell and where its centre goes.
  struct Move {
    std::uint32_t cell = 0;
    double x = 0.0;
    double y = 0.0;
  };

  /// Collects the nets of at most `max_sinks` sinks whose length depends on the cells. Numbers of
  /// nets follow those of their first cells.
  CellNets(const netlist_io::Netlist& netlist,
           const netlist_io::Placement& placement,
           std::span<const netlist_io::NodeId> cells,
           int max_sinks);

  std::size_t num_nets() const { return weight_.size(); }
  double weight(std::uint32_t net) const { return weight_[net]; }
  double x(std::uint32_t cell) const { return x_[cell]; }
  double y(std::uint32_t cell) const { return y_[cell]; }
  std::span<const std::uint32_t> nets_of(std::uint32_t cell) const {
    return {cell_nets_.data() + cell_start_[cell], cell_nets_.data() + cell_start_[cell + 1]};
  }
  /// Distinct.
  std::span<const std::uint32_t> cells_of(std::uint32_t net) const {
    return {net_cells_.data() + net_start_[net], net_cells_.data() + net_start_[net + 1]};
  }

  /// Of a net of `cell`, all its other pins.
  Box without(std::uint32_t net, std::uint32_t cell) const {
    const Extremes& at = extremes_[net];
    return {at.x.without(x_[cell]), at.y.without(y_[cell])};
  }
  /// Horizontal extent of a net without the cells for which `left_out` holds.
  template <typename LeftOut>
  Extent x_without(std::uint32_t net, LeftOut left_out) const {
    Extent extent = fixed_[net].x;
    for (const std::uint32_t cell : cells_of(net)) {
      if (!left_out(cell)) {
        extent.add(x_[cell]);
      }
    }
    return extent;
  }

  /// By how much the weighted half-perimeters would change. Distinct cells.
  double change(std::span<const Move> moves);
  void apply(std::span<const Move> moves);

 private:
  /// The two lowest and the two highest values on an axis, equal ones counted apart. With only one
  /// value, the second ones are infinite.
  struct Range {
    double lo1 = std::numeric_limits<double>::infinity();
    double lo2 = std::numeric_limits<double>::infinity();
    double hi1 = -std::numeric_limits<double>::infinity();
    double hi2 = -std::numeric_limits<double>::infinity();

    void add(double at) {
      lo2 = std::min(lo2, std::max(lo1, at));
      lo1 = std::min(lo1, at);
      hi2 = std::max(hi2, std::min(hi1, at));
      hi1 = std::max(hi1, at);
    }
    Extent without(double at) const { return {at == lo1 ? lo2 : lo1, at == hi1 ? hi2 : hi1}; }
    double length() const { return hi1 - lo1; }
  };
  struct alignas(64) Extremes {
    Range x;
    Range y;
  };
  /// Which cells of a net move in the trial at hand.
  struct Trial {
    std::uint32_t stamp = 0;
    std::uint32_t cell = 0;  ///< or `kSeveral`
  };

  void collect(const netlist_io::Netlist& netlist,
               const netlist_io::Placement& placement,
               std::span<const netlist_io::NodeId> cells,
               int max_sinks);
  void link_cells(std::size_t num_cells);
  void refresh(std::uint32_t net);
  void begin_trial(std::span<const Move> moves);
  double length_in_trial(std::uint32_t net, std::span<const Move> moves) const;

  std::vector<double> x_;  ///< [cells]
  std::vector<double> y_;
  std::vector<double> weight_;  ///< [nets]
  std::vector<Box> fixed_;      ///< [nets]: of the pins on other nodes
  std::vector<Extremes> extremes_;
  std::vector<std::uint32_t> net_start_ = {0};
  std::vector<std::uint32_t> net_cells_;
  std::vector<std::uint32_t> cell_start_;
  std::vector<std::uint32_t> cell_nets_;
  std::uint32_t stamp_ = 0;
  std::vector<Trial> trial_;            ///< [nets]
  std::vector<std::uint32_t> touched_;  ///< nets of the trial at hand
};

}  // namespace tessera::placer
