#include "placer/smooth_congestion.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tessera::placer {

void SegmentDemand::reset(int lines, int length) {
  lines_ = static_cast<std::size_t>(lines);
  length_ = static_cast<std::size_t>(length);
  // One line and two cells more than there are, for the upper neighbours of the last.
  stride_ = length_ + 2;
  differences_.assign((lines_ + 1) * stride_, 0.0);
}

void SegmentDemand::add_end(const Interpolation& line, const Interpolation& end, double weight) {
  // An end at cell k plus fraction f fills the cells before k, and f of k: entry i of the table
  // counts for the cells before i.
  double* const near = differences_.data() + at(line, end);
  double* const far = near + stride_;
  const double far_weight = weight * line.fraction;
  const double near_weight = weight - far_weight;
  near[0] += near_weight * (1.0 - end.fraction);
  near[1] += near_weight * end.fraction;
  far[0] += far_weight * (1.0 - end.fraction);
  far[1] += far_weight * end.fraction;
}

void SegmentDemand::write(std::span<double> demand,
                          std::size_t line_stride,
                          std::size_t cell_stride) const {
  for (std::size_t line = 0; line < lines_; ++line) {
    const double* const row = differences_.data() + line * stride_;
    double sum = 0.0;
    for (std::size_t cell = length_; cell-- > 0;) {
      sum += row[cell + 1];
      demand[line * line_stride + cell * cell_stride] = sum;
    }
  }
}

void SegmentDemand::load_prices(std::span<const double> prices,
                                std::size_t line_stride,
                                std::size_t cell_stride) {
  prices_.assign((lines_ + 1) * stride_, Price{});
  for (std::size_t line = 0; line < lines_; ++line) {
    Price* const row = prices_.data() + line * stride_;
    double sum = 0.0;
    for (std::size_t cell = 0; cell < length_; ++cell) {
      row[cell] = {prices[line * line_stride + cell * cell_stride], sum};
      sum += row[cell].here;
    }
    row[length_].before = sum;
  }
}

SegmentDemand::EndSlopes SegmentDemand::end_slopes(const Interpolation& line,
                                                   const Interpolation& end) const {
  const Price& near = prices_[at(line, end)];
  const Price& far = prices_[at(line, end) + stride_];
  const double here = far.here - near.here;
  return {far.before - near.before + end.fraction * here, near.here + line.fraction * here};
}

namespace {

Interpolation interpolate(float coordinate, int count) {
  const double cell = std::clamp(static_cast<double>(coordinate), 0.0, static_cast<double>(count));
  const double from_first_centre = std::clamp(cell - 0.5, 0.0, count - 1.0);
  Interpolation result;
  result.cell = static_cast<std::int32_t>(from_first_centre);
  result.held = from_first_centre != static_cast<double>(coordinate) - 0.5;
  result.fraction = from_first_centre - result.cell;
  result.round = std::min(static_cast<std::int32_t>(cell), count - 1);
  return result;
}

/// The weight of the end `to` of a segment; that of the end `from` is its negative.
double end_weight(const Interpolation& from, const Interpolation& to, double weight) {
  return to.from_first_centre() >= from.from_first_centre() ? weight : -weight;
}

}  // namespace

/// Draws the route of three points given as cells: a line in a row or column of cells becomes a
/// segment between points that lie there.
class SmoothCongestion::ThreePointLines {
 public:
  ThreePointLines(SmoothCongestion& owner,
                  const std::array<std::uint32_t, 3>& points,
                  double weight)
      : owner_(owner), points_(points), weight_(weight) {}

  void along_row(int row, int col_a, int col_b) {
    owner_.horizontal_.push_back({in_row(row), in_col(col_a), in_col(col_b), weight_});
  }
  void along_col(int col, int row_a, int row_b) {
    owner_.vertical_.push_back({in_col(col), in_row(row_a), in_row(row_b), weight_});
  }

 private:
  std::uint32_t in_row(int row) const {
    return *std::find_if(points_.begin(), points_.end() - 1, [&](std::uint32_t point) {
      return owner_.cells_[point].y.round == row;
    });
  }
  std::uint32_t in_col(int col) const {
    return *std::find_if(points_.begin(), points_.end() - 1, [&](std::uint32_t point) {
      return owner_.cells_[point].x.round == col;
    });
  }

  SmoothCongestion& owner_;
  const std::array<std::uint32_t, 3>& points_;
  double weight_;
};

void SmoothCongestion::locate(std::span<const float> x, std::span<const float> y) {
  cells_.resize(x.size());
  cell_index_.resize(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    cells_[i] = {interpolate(x[i], grid_.cols), interpolate(y[i], grid_.rows)};
    cell_index_[i] = static_cast<std::uint32_t>(cells_[i].y.round * grid_.cols + cells_[i].x.round);
  }
}

void SmoothCongestion::choose_route(const PointNets& nets, std::size_t net) {
  const std::size_t driver = nets.groups[net / PointNets::kLanes].first + net % PointNets::kLanes;
  distinct_.clear();
  ++stamp_;
  for (std::size_t k = 0; k < nets.degree[net]; ++k) {
    const std::size_t entry = driver + k * PointNets::kLanes;
    std::uint32_t& seen = cell_stamp_[cell_index_[nets.points[entry]]];
    if (seen != stamp_) {
      seen = stamp_;
      distinct_.push_back(entry);
    }
  }
  const auto weight = static_cast<double>(nets.route_weight[net]);
  if (distinct_.size() != 3) {
    for (std::size_t i = 1; i < distinct_.size(); ++i) {
      leg_weight_[nets.leg_of_entry[distinct_[i]]] += weight;
    }
    return;
  }
  const std::array<std::uint32_t, 3> points = {
      nets.points[distinct_[0]], nets.points[distinct_[1]], nets.points[distinct_[2]]};
  const std::array<cost::Cell, 3> cells = {
      cell_of(points[0]), cell_of(points[1]), cell_of(points[2])};
  ThreePointLines lines(*this, points, weight);
  cost::draw_route(std::span<const cost::Cell>(cells), lines);
}

void SmoothCongestion::choose_routes(const PointNets& nets) {
  cell_stamp_.assign(grid_.num_cells(), 0);
  stamp_ = 0;
  leg_weight_.assign(nets.legs.size(), 0.0);
  horizontal_.clear();
  vertical_.clear();
  for (std::size_t net = 0; net < nets.num_nets; ++net) {
    if (nets.route_weight[net] > 0.0F) {
      choose_route(nets, net);
    }
  }
}

/// The Ls: along the row of the source, then along the column of the sink. The source ends of the
/// rows, and the sink ends of the columns, are added up first.
void SmoothCongestion::add_legs(const PointNets& nets) {
  sink_weight_.assign(nets.num_points(), 0.0);
  double source_weight = 0.0;
  for (std::size_t i = 0; i < nets.legs.size(); ++i) {
    const auto [source_point, sink_point] = nets.legs[i];
    const PointCell& source = cells_[source_point];
    if (leg_weight_[i] > 0.0) {
      const PointCell& sink = cells_[sink_point];
      const double row_weight = end_weight(source.x, sink.x, leg_weight_[i]);
      rows_.add_end(source.y, sink.x, row_weight);
      source_weight += row_weight;
      const double col_weight = end_weight(source.y, sink.y, leg_weight_[i]);
      cols_.add_end(sink.x, source.y, -col_weight);
      sink_weight_[sink_point] += col_weight;
    }
    if (i + 1 == nets.legs.size() || nets.legs[i + 1].source != source_point) {
      rows_.add_end(source.y, source.x, -source_weight);
      source_weight = 0.0;
    }
  }
  for (std::size_t point = 0; point < sink_weight_.size(); ++point) {
    if (sink_weight_[point] != 0.0) {
      cols_.add_end(cells_[point].x, cells_[point].y, sink_weight_[point]);
    }
  }
}

void SmoothCongestion::add_segments(const std::vector<Segment>& segments,
                                    Direction direction,
                                    SegmentDemand& demand) const {
  for (const Segment& segment : segments) {
    const Interpolation& line = cells_[segment.line].*direction.across;
    const Interpolation& from = cells_[segment.from].*direction.along;
    const Interpolation& to = cells_[segment.to].*direction.along;
    const double weight = end_weight(from, to, segment.weight);
    demand.add_end(line, to, weight);
    demand.add_end(line, from, -weight);
  }
}

void SmoothCongestion::route(const PointNets& nets,
                             netlist_io::GridShape grid,
                             std::span<const float> x,
                             std::span<const float> y) {
  grid_ = grid;
  locate(x, y);
  choose_routes(nets);
  rows_.reset(grid.rows, grid.cols);
  cols_.reset(grid.cols, grid.rows);
  add_legs(nets);
  add_segments(horizontal_, {&PointCell::x, &PointCell::y}, rows_);
  add_segments(vertical_, {&PointCell::y, &PointCell::x}, cols_);
  demand_.assign_zero(grid.num_cells());
  const auto cols = static_cast<std::size_t>(grid.cols);
  rows_.write(demand_.horizontal, cols, 1);
  cols_.write(demand_.vertical, 1, cols);
}

void SmoothCongestion::add_leg_gradient(const PointNets& nets,
                                        std::span<double> gradient_x,
                                        std::span<double> gradient_y) const {
  for (std::size_t i = 0; i < nets.legs.size(); ++i) {
    if (leg_weight_[i] <= 0.0) {
      continue;
    }
    const auto [source_point, sink_point] = nets.legs[i];
    const PointCell& source = cells_[source_point];
    const PointCell& sink = cells_[sink_point];
    const double row_weight = end_weight(source.x, sink.x, leg_weight_[i]);
    const SegmentDemand::EndSlopes row_to = rows_.end_slopes(source.y, sink.x);
    const SegmentDemand::EndSlopes row_from = rows_.end_slopes(source.y, source.x);
    const double col_weight = end_weight(source.y, sink.y, leg_weight_[i]);
    const SegmentDemand::EndSlopes col_to = cols_.end_slopes(sink.x, sink.y);
    const SegmentDemand::EndSlopes col_from = cols_.end_slopes(sink.x, source.y);
    gradient_x[source_point] -= row_weight * row_from.end;
    gradient_y[source_point] +=
        row_weight * (row_to.line - row_from.line) - col_weight * col_from.end;
    gradient_x[sink_point] += row_weight * row_to.end + col_weight * (col_to.line - col_from.line);
    gradient_y[sink_point] += col_weight * col_to.end;
  }
}

void SmoothCongestion::add_segment_gradient(const std::vector<Segment>& segments,
                                            Direction direction,
                                            const SegmentDemand& demand,
                                            std::span<double> gradient_along,
                                            std::span<double> gradient_across) const {
  for (const Segment& segment : segments) {
    const Interpolation& line = cells_[segment.line].*direction.across;
    const Interpolation& from = cells_[segment.from].*direction.along;
    const Interpolation& to = cells_[segment.to].*direction.along;
    const double weight = end_weight(from, to, segment.weight);
    const SegmentDemand::EndSlopes to_slopes = demand.end_slopes(line, to);
    const SegmentDemand::EndSlopes from_slopes = demand.end_slopes(line, from);
    gradient_across[segment.line] += weight * (to_slopes.line - from_slopes.line);
    gradient_along[segment.to] += weight * to_slopes.end;
    gradient_along[segment.from] -= weight * from_slopes.end;
  }
}

void SmoothCongestion::set_gradient(const PointNets& nets,
                                    const cost::DemandMaps& prices,
                                    std::vector<double>& gradient_x,
                                    std::vector<double>& gradient_y) {
  const auto cols = static_cast<std::size_t>(grid_.cols);
  rows_.load_prices(prices.horizontal, cols, 1);
  cols_.load_prices(prices.vertical, 1, cols);
  gradient_x.assign(cells_.size(), 0.0);
  gradient_y.assign(cells_.size(), 0.0);
  add_leg_gradient(nets, gradient_x, gradient_y);
  add_segment_gradient(horizontal_, {&PointCell::x, &PointCell::y}, rows_, gradient_x, gradient_y);
  add_segment_gradient(vertical_, {&PointCell::y, &PointCell::x}, cols_, gradient_y, gradient_x);
  for (std::size_t point = 0; point < cells_.size(); ++point) {
    if (cells_[point].x.held) {
      gradient_x[point] = 0.0;
    }
    if (cells_[point].y.held) {
      gradient_y[point] = 0.0;
    }
  }
}

}  // namespace tessera::placer
