#include "placer/canvas_observer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "netlist_io/errors.h"
#include "placer/cell_centre.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::NodeId;

namespace {

/// Writes a map of changes in units of its mean above its least value, both over the legal cells.
DeltaScale draw_delta(const CellMaskView& legal,
                      std::span<const double> delta,
                      std::span<float> channel) {
  DeltaScale scale;
  scale.least = std::numeric_limits<double>::infinity();
  double sum = 0.0;
  double count = 0.0;
  legal.for_each([&](CellIndex cell) {
    scale.least = std::min(scale.least, delta[cell]);
    sum += delta[cell];
    count += 1.0;
  });
  scale.mean = std::max(0.0, sum / count - scale.least);
  std::fill(channel.begin(), channel.end(), kMostDelta);
  const double unit = scale.mean > 0.0 ? 1.0 / scale.mean : 0.0;
  legal.for_each([&](CellIndex cell) {
    channel[cell] = std::min(kMostDelta, static_cast<float>((delta[cell] - scale.least) * unit));
  });
  return scale;
}

/// Length that the intervals have in common.
double overlap(double a0, double a1, double b0, double b1) {
  return std::max(0.0, std::min(a1, b1) - std::max(a0, b0));
}

/// Adds the part of each cell that a box covers.
void add_box(const Canvas& canvas, const netlist_io::Rect& box, std::span<float> channel) {
  const double width = canvas.cell_width();
  const double height = canvas.cell_height();
  const auto cell_range = [](double low, double high, double step, int count) {
    return std::pair(std::clamp(static_cast<int>(std::floor(low / step)), 0, count - 1),
                     std::clamp(static_cast<int>(std::floor(high / step)), 0, count - 1));
  };
  const auto [col0, col1] = cell_range(box.x0, box.x1, width, canvas.grid.cols);
  const auto [row0, row1] = cell_range(box.y0, box.y1, height, canvas.grid.rows);
  for (int row = row0; row <= row1; ++row) {
    const double part_y = overlap(box.y0, box.y1, row * height, (row + 1) * height) / height;
    for (int col = col0; col <= col1; ++col) {
      const double part_x = overlap(box.x0, box.x1, col * width, (col + 1) * width) / width;
      channel[static_cast<std::size_t>(row * canvas.grid.cols + col)] +=
          static_cast<float>(part_x * part_y);
    }
  }
}

/// Calls `visit(cell, x, y)` with the centre of each cell, in microns.
template <typename Visit>
void for_each_centre(const Canvas& canvas, Visit visit) {
  std::size_t cell = 0;
  for (int row = 0; row < canvas.grid.rows; ++row) {
    for (int col = 0; col < canvas.grid.cols; ++col, ++cell) {
      visit(cell, (col + 0.5) * canvas.cell_width(), (row + 0.5) * canvas.cell_height());
    }
  }
}

void draw_closeness(const Canvas& canvas, double to_x, double to_y, std::span<float> channel) {
  const double reach = 0.1 * (canvas.width + canvas.height);
  for_each_centre(canvas, [&](std::size_t cell, double x, double y) {
    channel[cell] = static_cast<float>(std::exp(-std::hypot(x - to_x, y - to_y) / reach));
  });
}

/// How many cells' worth of a box is occupied, whatever is beyond the canvas included.
class OccupiedArea {
 public:
  /// `occupied`: part of each cell, taken to be spread evenly over it. `sums` holds the integral
  /// and must outlive the object.
  OccupiedArea(netlist_io::GridShape grid,
               std::span<const float> occupied,
               std::vector<double>& sums)
      : stride_(static_cast<std::size_t>(grid.cols) + 3), grid_(grid), sums_(sums) {
    sums.assign(stride_ * (static_cast<std::size_t>(grid.rows) + 3), 0.0);
    for (int row = -1; row <= grid.rows; ++row) {
      double in_row = 0.0;
      for (int col = -1; col <= grid.cols; ++col) {
        const bool inside = row >= 0 && row < grid.rows && col >= 0 && col < grid.cols;
        in_row += inside ? std::min(1.0F, occupied[static_cast<std::size_t>(col + row * grid.cols)])
                         : 1.0F;
        sums[index(col + 2, row + 2)] = sums[index(col + 2, row + 1)] + in_row;
      }
    }
  }

  /// A box in grid cells, at most one cell beyond the canvas.
  double of(double x0, double y0, double x1, double y1) const {
    return integral(x1, y1) - integral(x0, y1) - integral(x1, y0) + integral(x0, y0);
  }

 private:
  std::size_t index(int col, int row) const {
    return static_cast<std::size_t>(col) + static_cast<std::size_t>(row) * stride_;
  }

  /// From the lower left corner of the padding on; linear between the corners of cells.
  double integral(double x, double y) const {
    const double u = std::clamp(x + 1.0, 0.0, grid_.cols + 2.0);
    const double v = std::clamp(y + 1.0, 0.0, grid_.rows + 2.0);
    const int col = std::min(static_cast<int>(u), grid_.cols + 1);
    const int row = std::min(static_cast<int>(v), grid_.rows + 1);
    const double right = u - col;
    const double upper = v - row;
    return (1.0 - upper) *
               ((1.0 - right) * sums_[index(col, row)] + right * sums_[index(col + 1, row)]) +
           upper * ((1.0 - right) * sums_[index(col, row + 1)] +
                    right * sums_[index(col + 1, row + 1)]);
  }

  std::size_t stride_;
  netlist_io::GridShape grid_;
  const std::vector<double>& sums_;
};

std::span<float> channel_of(std::span<float> channels, CanvasChannel channel) {
  const std::size_t size = channels.size() / kNumCanvasChannels;
  return channels.subspan(index_of(channel) * size, size);
}

}  // namespace

CanvasObserver::CanvasObserver(const MacroProblem& problem)
    : problem_(&problem), mapper_(problem.incremental_model()) {}

CanvasScales CanvasObserver::observe(const MacroEnv& env, std::span<float> channels) {
  const std::size_t num_cells = problem_->canvas().grid.num_cells();
  if (channels.size() != kNumCanvasChannels * num_cells || env.done()) {
    throw netlist_io::InternalError("canvas channels of another size, or of a finished episode");
  }
  std::fill(channels.begin(), channels.end(), 0.0F);
  const CellMaskView legal = env.mask();
  const std::span<float> legal_channel = channel_of(channels, CanvasChannel::kLegal);
  legal.for_each([&](CellIndex cell) { legal_channel[cell] = 1.0F; });
  draw_occupied(env, channel_of(channels, CanvasChannel::kOccupied));
  draw_cost_maps(env.running_cost(), channels);

  const NodeId macro = problem_->macros()[env.num_placed()];
  legal_cells_.clear();
  legal.for_each([&](CellIndex cell) { legal_cells_.push_back(cell); });
  mapper_.compute(env.running_cost(), macro, legal_cells_, deltas_);
  draw_places(env, channels);
  draw_contact(env, channels);
  const auto draw = [&](const std::vector<double>& delta, CanvasChannel channel) {
    return draw_delta(legal, delta, channel_of(channels, channel));
  };
  return {{draw(deltas_.wirelength, CanvasChannel::kWirelengthDelta),
           draw(deltas_.density, CanvasChannel::kDensityDelta),
           draw(deltas_.congestion, CanvasChannel::kCongestionDelta),
           draw(deltas_.proxy, CanvasChannel::kProxyDelta)}};
}

void CanvasObserver::draw_occupied(const MacroEnv& env, std::span<float> channel) const {
  const netlist_io::Placement& placement = env.placement();
  for (const NodeId macro : problem_->netlist().hard_macros()) {
    if (placement.placed[macro.index()] != 0) {
      add_box(problem_->canvas(), placement.box(problem_->netlist(), macro), channel);
    }
  }
}

void CanvasObserver::draw_cost_maps(const cost::IncrementalCost& cost,
                                    std::span<float> channels) const {
  const netlist_io::GridShape grid = problem_->canvas().grid;
  const std::span<float> density = channel_of(channels, CanvasChannel::kDensity);
  const std::span<float> horizontal = channel_of(channels, CanvasChannel::kHorizontalCongestion);
  const std::span<float> vertical = channel_of(channels, CanvasChannel::kVerticalCongestion);
  std::size_t index = 0;
  for (int row = 0; row < grid.rows; ++row) {
    for (int col = 0; col < grid.cols; ++col, ++index) {
      density[index] = static_cast<float>(cost.density({col, row}));
      horizontal[index] = static_cast<float>(cost.horizontal_congestion({col, row}));
      vertical[index] = static_cast<float>(cost.vertical_congestion({col, row}));
    }
  }
}

void CanvasObserver::draw_places(const MacroEnv& env, std::span<float> channels) const {
  const Canvas& canvas = problem_->canvas();
  const NodeId macro = problem_->macros()[env.num_placed()];
  draw_closeness(canvas,
                 problem_->start().x[macro.index()],
                 problem_->start().y[macro.index()],
                 channel_of(channels, CanvasChannel::kPrior));
  if (env.num_placed() > 0) {
    const NodeId last = problem_->macros()[env.num_placed() - 1];
    draw_closeness(canvas,
                   env.placement().x[last.index()],
                   env.placement().y[last.index()],
                   channel_of(channels, CanvasChannel::kLast));
  }
  const std::span<float> edge = channel_of(channels, CanvasChannel::kEdge);
  const double side = std::min(canvas.width, canvas.height);
  for_each_centre(canvas, [&](std::size_t cell, double x, double y) {
    edge[cell] = static_cast<float>(
        std::min(std::min(x, canvas.width - x), std::min(y, canvas.height - y)) / side);
  });
}

void CanvasObserver::draw_contact(const MacroEnv& env, std::span<float> channels) {
  const Canvas& canvas = problem_->canvas();
  const std::span<const float> occupied = channel_of(channels, CanvasChannel::kOccupied);
  const std::span<float> contact = channel_of(channels, CanvasChannel::kContact);
  const OccupiedArea area(canvas.grid, occupied, sums_);
  const NodeId macro = problem_->macros()[env.num_placed()];
  // In grid cells.
  const netlist_io::Rect box = env.placement().box(problem_->netlist(), macro);
  const double width = box.width() / canvas.cell_width();
  const double height = box.height() / canvas.cell_height();
  env.mask().for_each([&](CellIndex cell) {
    const CellCentre centre = cell_centre(canvas.grid, cell);
    const double x0 = centre.x - 0.5 * width;
    const double y0 = centre.y - 0.5 * height;
    const double x1 = x0 + width;
    const double y1 = y0 + height;
    const double touching =
        (area.of(x0 - 1.0, y0, x0, y1) + area.of(x1, y0, x1 + 1.0, y1)) * canvas.cell_height() +
        (area.of(x0, y0 - 1.0, x1, y0) + area.of(x0, y1, x1, y1 + 1.0)) * canvas.cell_width();
    contact[cell] = static_cast<float>(touching / (2.0 * (box.width() + box.height())));
  });
}

}  // namespace tessera::placer
