#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cost/congestion.h"
#include "cost/net_topology.h"
#include "netlist_io/canvas.h"
#include "placer/point_nets.h"

namespace tessera::placer {

/// A coordinate between the centres of two neighbouring cells of an axis.
struct Interpolation {
  std::int32_t cell = 0;   ///< the lower of the two
  std::int32_t round = 0;  ///< the cell that holds the coordinate
  bool held = false;       ///< beyond the outermost centres: small moves change nothing
  double fraction = 0.0;   ///< 0 at the centre of the lower one, 1 at that of the upper one

  double from_first_centre() const { return cell + fraction; }
};

/// Demand of straight segments on the cells of one direction, as an interpolation between the
/// demands with all coordinates at cell centres, and the derivatives of a function of it.
///
/// A segment runs along one axis on a line (a row or column of cells). Its two ends go into a table
/// of differences, its derivatives come from prefix sums: constant time whatever its length.
class SegmentDemand {
 public:
  /// `lines` rows of `length` cells.
  void reset(int lines, int length);

  /// Adds the part of a line before `end`, with a weight: half of a segment.
  void add_end(const Interpolation& line, const Interpolation& end, double weight);
  /// Writes demand[line * line_stride + cell * cell_stride].
  void write(std::span<double> demand, std::size_t line_stride, std::size_t cell_stride) const;

  /// Takes the derivatives of the function with respect to the demand.
  void load_prices(std::span<const double> prices,
                   std::size_t line_stride,
                   std::size_t cell_stride);
  /// What the part of a line before an end costs, at weight 1: derivatives with respect to the
  /// coordinate of the line and to the end.
  struct EndSlopes {
    double line = 0.0;
    double end = 0.0;
  };
  EndSlopes end_slopes(const Interpolation& line, const Interpolation& end) const;

 private:
  struct Price {
    double here = 0.0;
    double before = 0.0;  ///< sum over the cells before
  };

  std::size_t at(const Interpolation& line, const Interpolation& end) const {
    return static_cast<std::size_t>(line.cell) * stride_ + static_cast<std::size_t>(end.cell);
  }

  std::size_t lines_ = 0;
  std::size_t length_ = 0;
  std::size_t stride_ = 0;
  std::vector<double> differences_;
  std::vector<Price> prices_;
};

/// The routing demand of the published model, made continuous: each net takes the route that the
/// model chooses for the cells where its points are now, and the ends of its segments count by
/// linear interpolation between cell centres. With all points at cell centres the demand is exact.
/// The choice of the route is not differentiated.
class SmoothCongestion {
 public:
  /// Takes the coordinates of all points, cells, and computes the demand of the nets.
  void route(const PointNets& nets,
             netlist_io::GridShape grid,
             std::span<const float> x,
             std::span<const float> y);

  /// Tracks per cell, row-major, of the nets with a mover.
  const cost::DemandMaps& demand() const { return demand_; }

  /// Sets `gradient_x` and `gradient_y` [points] to the derivatives with respect to the coordinates
  /// of a function whose derivatives with respect to the demand are `prices`.
  void set_gradient(const PointNets& nets,
                    const cost::DemandMaps& prices,
                    std::vector<double>& gradient_x,
                    std::vector<double>& gradient_y);

 private:
  struct PointCell {
    Interpolation x;
    Interpolation y;
  };
  /// A piece of the route of a net of three points: on the line of point `line` from point `from`
  /// to point `to`.
  struct Segment {
    std::uint32_t line = 0;
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    double weight = 0.0;
  };
  /// The two directions, so that the code is written once.
  struct Direction {
    const Interpolation PointCell::*along;
    const Interpolation PointCell::*across;
  };
  class ThreePointLines;

  void locate(std::span<const float> x, std::span<const float> y);
  void choose_routes(const PointNets& nets);
  void choose_route(const PointNets& nets, std::size_t net);
  void add_legs(const PointNets& nets);
  void add_segments(const std::vector<Segment>& segments,
                    Direction direction,
                    SegmentDemand& demand) const;
  void add_leg_gradient(const PointNets& nets,
                        std::span<double> gradient_x,
                        std::span<double> gradient_y) const;
  void add_segment_gradient(const std::vector<Segment>& segments,
                            Direction direction,
                            const SegmentDemand& demand,
                            std::span<double> gradient_along,
                            std::span<double> gradient_across) const;
  cost::Cell cell_of(std::uint32_t point) const {
    return {cells_[point].x.round, cells_[point].y.round};
  }

  netlist_io::GridShape grid_;
  std::vector<PointCell> cells_;
  std::vector<std::uint32_t> cell_index_;  ///< per point
  std::vector<double> leg_weight_;
  std::vector<double> sink_weight_;  ///< per point, of the legs that end there, signed
  std::vector<Segment> horizontal_;
  std::vector<Segment> vertical_;
  SegmentDemand rows_;
  SegmentDemand cols_;
  cost::DemandMaps demand_;
  std::vector<std::size_t> distinct_;  ///< entries of a net, one per cell
  std::vector<std::uint32_t> cell_stamp_;
  std::uint32_t stamp_ = 0;
};

}  // namespace tessera::placer
