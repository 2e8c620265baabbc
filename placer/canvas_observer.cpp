#include "placer/canvas_observer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "netlist_io/errors.h"

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
  mapper_.compute(env.running_cost(), macro, deltas_);
  draw_places(macro, channels);
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

void CanvasObserver::draw_places(NodeId macro, std::span<float> channels) const {
  const Canvas& canvas = problem_->canvas();
  const std::span<float> prior = channel_of(channels, CanvasChannel::kPrior);
  const std::span<float> edge = channel_of(channels, CanvasChannel::kEdge);
  const double prior_x = problem_->start().x[macro.index()];
  const double prior_y = problem_->start().y[macro.index()];
  const double reach = 0.1 * (canvas.width + canvas.height);
  const double side = std::min(canvas.width, canvas.height);
  std::size_t index = 0;
  for (int row = 0; row < canvas.grid.rows; ++row) {
    const double y = (row + 0.5) * canvas.cell_height();
    for (int col = 0; col < canvas.grid.cols; ++col, ++index) {
      const double x = (col + 0.5) * canvas.cell_width();
      prior[index] = static_cast<float>(std::exp(-std::hypot(x - prior_x, y - prior_y) / reach));
      edge[index] = static_cast<float>(
          std::min(std::min(x, canvas.width - x), std::min(y, canvas.height - y)) / side);
    }
  }
}

}  // namespace tessera::placer
