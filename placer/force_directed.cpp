// Force-directed placement of soft macros with the interface and schedule of Circuit Training
// (A. Mirhoseini et al., "A graph placement methodology for fast chip design", Nature 594, 2021,
// and its open-source release) and the step rules of the MacroPlacement project (C.-K. Cheng et
// al., "Assessment of Reinforcement Learning for Macro Placement", ISPD 2023), whose Python
// evaluator published a reconstruction.
//
// Differences from that reconstruction, none of which changes the result beyond rounding:
// - Springs are summed per pair of nodes once, pin offsets into a constant force per run.
// - Overlapping pairs come from a sweep instead of all pairs.
// - After the last step the real boxes, which are not square, are moved inside the canvas.
#include "placer/force_directed.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "netlist_io/errors.h"
#include "placer/keep_inside.h"
#include "placer/overlap_repulsion.h"

namespace tessera::placer {

using netlist_io::NetId;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::Offset;
using netlist_io::OptionError;
using netlist_io::PinId;
using netlist_io::Placement;

/// The nodes that take part in a run ("points"), those that move first, each in node order.
struct ForceDirectedScratch::Buffers {
  std::vector<std::uint32_t> point_of_node;
  std::vector<std::uint32_t> node_of_point;
  std::size_t num_movers = 0;
  std::vector<Vector2> position;        ///< of all points
  std::vector<Vector2> force;           ///< of all points; those that do not move are ignored
  std::vector<Vector2> half_size;       ///< of the movers' boxes in the solver
  std::vector<Vector2> constant_force;  ///< of the movers, from pin offsets; per unit of attraction
  std::vector<std::uint32_t> row_start;  ///< springs of each mover
  std::vector<std::uint32_t> spring_point;
  std::vector<double> stiffness;
  std::vector<RepulsionBox> boxes;
  OverlapRepulsion repulsion;

  void step(const ForceDirectedPhase& phase, double max_move, Vector2 canvas);
  void set_spring_forces(double attract);
  void move(double max_move, Vector2 canvas);
};

ForceDirectedScratch::ForceDirectedScratch() : buffers_(std::make_unique<Buffers>()) {}
ForceDirectedScratch::~ForceDirectedScratch() = default;
ForceDirectedScratch::ForceDirectedScratch(ForceDirectedScratch&&) noexcept = default;
ForceDirectedScratch& ForceDirectedScratch::operator=(ForceDirectedScratch&&) noexcept = default;

namespace {

constexpr std::uint32_t kNoPoint = std::numeric_limits<std::uint32_t>::max();

void check_range(bool in_range, const std::string& name, double value, const std::string& range) {
  if (!in_range || !std::isfinite(value)) {
    throw OptionError(name + " is " + std::to_string(value) + ", expected " + range);
  }
}

void validate_phase(const ForceDirectedPhase& phase, const std::string& prefix) {
  check_range(phase.steps >= 0, prefix + "steps", phase.steps, ">= 0");
  check_range(phase.attract >= 0.0, prefix + "attract", phase.attract, ">= 0");
  check_range(phase.repel >= 0.0, prefix + "repel", phase.repel, ">= 0");
  check_range(phase.move_factor > 0.0, prefix + "move_factor", phase.move_factor, "> 0");
  if (phase.max_move_um) {
    check_range(*phase.max_move_um > 0.0, prefix + "max_move_um", *phase.max_move_um, "> 0");
  }
}

Offset scaled(double factor, Offset offset) {
  return {factor * offset.x, factor * offset.y};
}

Offset sum(Offset a, Offset b) {
  return {a.x + b.x, a.y + b.y};
}

/// Half width and half height of a macro as it is turned.
Vector2 real_half_size(const netlist_io::Netlist& netlist,
                       const Placement& placement,
                       NodeId node) {
  const Vector2 half = {0.5 * netlist.width(node), 0.5 * netlist.height(node)};
  return netlist_io::swaps_axes(placement.orientation[node.index()]) ? Vector2{half.y, half.x}
                                                                     : half;
}

/// Same as the solver sees it: soft macros are squares.
Vector2 solver_half_size(const netlist_io::Netlist& netlist,
                         const Placement& placement,
                         NodeId node) {
  if (netlist.kind(node) == NodeKind::kSoftMacro) {
    const double half_side = 0.5 * std::sqrt(netlist.width(node) * netlist.height(node));
    return {half_side, half_side};
  }
  return real_half_size(netlist, placement, node);
}

/// Sum over the springs of one mover of stiffness * (other end - own position).
/// Two partial sums: one alone would wait for each addition to finish.
Vector2 spring_force(std::span<const std::uint32_t> others,
                     std::span<const double> stiffness,
                     std::span<const Vector2> position,
                     Vector2 own) {
  Vector2 even;
  Vector2 odd;
  std::size_t i = 0;
  for (; i + 2 <= others.size(); i += 2) {
    const Vector2 first = position[others[i]];
    const Vector2 second = position[others[i + 1]];
    even.x += stiffness[i] * (first.x - own.x);
    even.y += stiffness[i] * (first.y - own.y);
    odd.x += stiffness[i + 1] * (second.x - own.x);
    odd.y += stiffness[i + 1] * (second.y - own.y);
  }
  if (i < others.size()) {
    const Vector2 last = position[others[i]];
    even.x += stiffness[i] * (last.x - own.x);
    even.y += stiffness[i] * (last.y - own.y);
  }
  return {even.x + odd.x, even.y + odd.y};
}

/// Position after a move along one axis; a move that brings the box to the edge is cancelled.
double moved_or_stay(double position, double move, double half_size, double canvas) {
  const double moved = position + move;
  const bool inside = moved - half_size > 0.0 && moved + half_size < canvas;
  return inside ? moved : position;
}

}  // namespace

void ForceDirectedOptions::validate() const {
  for (std::size_t i = 0; i < phases.size(); ++i) {
    validate_phase(phases[i], "phases[" + std::to_string(i) + "].");
  }
  check_range(io_factor >= 0.0, "io_factor", io_factor, ">= 0");
}

ForceDirectedOptions circuit_training_mixed_size_schedule() {
  ForceDirectedOptions options;
  options.phases = {{100, 100.0, 0.0, 1.0, std::nullopt},
                    {100, 1e-3, 1e5, 2.0, std::nullopt},
                    {100, 1e-5, 1e6, 2.0, std::nullopt}};
  options.moves = ForceDirectedMoves::kSoftAndHardMacros;
  return options;
}

ForceDirectedPlacer::ForceDirectedPlacer(const netlist_io::Netlist& netlist,
                                         const netlist_io::Canvas& canvas,
                                         ForceDirectedOptions options)
    : netlist_(&netlist),
      width_(canvas.width),
      height_(canvas.height),
      options_(std::move(options)) {
  options_.validate();
  check_range(width_ > 0.0, "canvas width", width_, "> 0");
  check_range(height_ > 0.0, "canvas height", height_, "> 0");
  build_springs();
  merge_parallel_springs();
}

template <typename Visit>
void ForceDirectedPlacer::for_each_spring(Visit visit) const {
  for (std::size_t net = 0; net < netlist_->num_nets(); ++net) {
    const std::span<const PinId> pins = netlist_->pins_of(NetId(net));
    const NodeId driver = netlist_->pin_node(pins.front());
    const bool driver_is_port = netlist_->kind(driver) == NodeKind::kPort;
    const double weight = netlist_->weight(NetId(net));
    for (const PinId pin : pins.subspan(1)) {
      const NodeId sink = netlist_->pin_node(pin);
      if (sink == driver) {
        continue;
      }
      const bool io = driver_is_port || netlist_->kind(sink) == NodeKind::kPort;
      const double stiffness = weight * (io ? options_.io_factor : 1.0);
      const Offset driver_moment = scaled(stiffness, netlist_->pin_offset(pins.front()));
      const Offset sink_moment = scaled(stiffness, netlist_->pin_offset(pin));
      if (netlist_->is_macro(driver)) {
        visit(driver, Spring{sink.value, stiffness, driver_moment, sink_moment});
      }
      if (netlist_->is_macro(sink)) {
        visit(sink, Spring{driver.value, stiffness, sink_moment, driver_moment});
      }
    }
  }
}

void ForceDirectedPlacer::build_springs() {
  spring_start_.assign(netlist_->num_nodes() + 1, 0);
  for_each_spring([&](NodeId node, const Spring&) { ++spring_start_[node.index() + 1]; });
  std::partial_sum(spring_start_.begin(), spring_start_.end(), spring_start_.begin());
  springs_.resize(spring_start_.back());
  std::vector<std::uint32_t> next(spring_start_.begin(), spring_start_.end() - 1);
  for_each_spring(
      [&](NodeId node, const Spring& spring) { springs_[next[node.index()]++] = spring; });
}

void ForceDirectedPlacer::merge_parallel_springs() {
  // 1 + index of the spring to each node; those of earlier nodes are at most the row's begin.
  std::vector<std::uint32_t> spring_to(netlist_->num_nodes(), 0);
  std::uint32_t kept = 0;
  std::uint32_t begin = 0;
  for (std::size_t node = 0; node + 1 < spring_start_.size(); ++node) {
    const std::uint32_t end = spring_start_[node + 1];
    const std::uint32_t row_begin = kept;
    for (std::uint32_t i = begin; i < end; ++i) {
      const Spring& spring = springs_[i];
      std::uint32_t& known = spring_to[spring.other];
      if (known <= row_begin) {
        springs_[kept] = spring;
        known = ++kept;
        continue;
      }
      Spring& merged = springs_[known - 1];
      merged.stiffness += spring.stiffness;
      merged.own_moment = sum(merged.own_moment, spring.own_moment);
      merged.other_moment = sum(merged.other_moment, spring.other_moment);
    }
    begin = end;
    spring_start_[node + 1] = kept;
  }
  springs_.resize(kept);
  springs_.shrink_to_fit();
}

bool ForceDirectedPlacer::moves(const Placement& placement, NodeId node) const {
  if (placement.fixed[node.index()] != 0) {
    return false;
  }
  switch (netlist_->kind(node)) {
    case NodeKind::kSoftMacro:
      return true;
    case NodeKind::kHardMacro:
      return options_.moves == ForceDirectedMoves::kSoftAndHardMacros;
    case NodeKind::kPort:
    case NodeKind::kStdCell:
      return false;
  }
  return false;
}

void ForceDirectedPlacer::collect_nodes(const Placement& placement,
                                        ForceDirectedScratch::Buffers& b) const {
  b.point_of_node.assign(netlist_->num_nodes(), kNoPoint);
  b.node_of_point.clear();
  b.position.clear();
  b.half_size.clear();
  const auto add_point = [&](std::size_t node, Vector2 position) {
    b.point_of_node[node] = static_cast<std::uint32_t>(b.node_of_point.size());
    b.node_of_point.push_back(static_cast<std::uint32_t>(node));
    b.position.push_back(position);
  };
  const bool from_centre = options_.start == ForceDirectedStart::kCanvasCentre;
  for (std::size_t node = 0; node < netlist_->num_nodes(); ++node) {
    if (moves(placement, NodeId(node))) {
      const bool at_centre = from_centre || placement.placed[node] == 0;
      add_point(node,
                at_centre ? Vector2{0.5 * width_, 0.5 * height_}
                          : Vector2{placement.x[node], placement.y[node]});
      b.half_size.push_back(solver_half_size(*netlist_, placement, NodeId(node)));
    }
  }
  b.num_movers = b.node_of_point.size();
  for (std::size_t node = 0; node < netlist_->num_nodes(); ++node) {
    if (b.point_of_node[node] == kNoPoint && placement.placed[node] != 0) {
      add_point(node, {placement.x[node], placement.y[node]});
    }
  }
  b.force.resize(b.position.size());
}

void ForceDirectedPlacer::collect_springs(const Placement& placement,
                                          ForceDirectedScratch::Buffers& b) const {
  b.row_start.assign(1, 0);
  b.spring_point.clear();
  b.stiffness.clear();
  b.constant_force.assign(b.num_movers, {});
  for (std::size_t mover = 0; mover < b.num_movers; ++mover) {
    const std::uint32_t node = b.node_of_point[mover];
    for (std::uint32_t i = spring_start_[node]; i < spring_start_[node + 1]; ++i) {
      const Spring& spring = springs_[i];
      if (b.point_of_node[spring.other] == kNoPoint) {
        continue;
      }
      b.spring_point.push_back(b.point_of_node[spring.other]);
      b.stiffness.push_back(spring.stiffness);
      const Offset own = transform(spring.own_moment, placement.orientation[node]);
      const Offset other = transform(spring.other_moment, placement.orientation[spring.other]);
      b.constant_force[mover].x += other.x - own.x;
      b.constant_force[mover].y += other.y - own.y;
    }
    b.row_start.push_back(static_cast<std::uint32_t>(b.stiffness.size()));
  }
}

void ForceDirectedPlacer::collect_boxes(const Placement& placement,
                                        ForceDirectedScratch::Buffers& b) const {
  b.boxes.clear();
  for (std::size_t node = 0; node < netlist_->num_nodes(); ++node) {
    if (b.point_of_node[node] == kNoPoint || !netlist_->is_macro(NodeId(node))) {
      continue;
    }
    const Vector2 half = solver_half_size(*netlist_, placement, NodeId(node));
    if (half.x > 0.0 && half.y > 0.0) {  // a box without area overlaps nothing
      b.boxes.push_back({b.point_of_node[node], half.x, half.y});
    }
  }
  b.repulsion.reset(b.boxes, b.position);
}

double ForceDirectedPlacer::max_move(const ForceDirectedPhase& phase) const {
  return phase.max_move_um.value_or(phase.move_factor * std::max(width_, height_) /
                                    std::max(phase.steps, 1));
}

void ForceDirectedScratch::Buffers::set_spring_forces(double attract) {
  const std::span<const std::uint32_t> all_others = spring_point;
  const std::span<const double> all_stiffness = stiffness;
  for (std::size_t i = 0; i < num_movers; ++i) {
    const std::size_t begin = row_start[i];
    const std::size_t count = row_start[i + 1] - begin;
    const Vector2 sum = spring_force(all_others.subspan(begin, count),
                                     all_stiffness.subspan(begin, count),
                                     position,
                                     position[i]);
    force[i] = {attract * (sum.x + constant_force[i].x), attract * (sum.y + constant_force[i].y)};
  }
}

void ForceDirectedScratch::Buffers::move(double max_move, Vector2 canvas) {
  Vector2 largest;
  for (std::size_t i = 0; i < num_movers; ++i) {
    largest.x = std::max(largest.x, std::abs(force[i].x));
    largest.y = std::max(largest.y, std::abs(force[i].y));
  }
  for (std::size_t i = 0; i < num_movers; ++i) {
    Vector2& p = position[i];
    if (largest.x > 0.0) {
      p.x = moved_or_stay(p.x, force[i].x / largest.x * max_move, half_size[i].x, canvas.x);
    }
    if (largest.y > 0.0) {
      p.y = moved_or_stay(p.y, force[i].y / largest.y * max_move, half_size[i].y, canvas.y);
    }
  }
}

void ForceDirectedScratch::Buffers::step(const ForceDirectedPhase& phase,
                                         double max_move,
                                         Vector2 canvas) {
  set_spring_forces(phase.attract);
  if (phase.repel > 0.0) {
    repulsion.add_forces(position, phase.repel * max_move, force);
  }
  move(max_move, canvas);
}

void ForceDirectedPlacer::write_back(const ForceDirectedScratch::Buffers& b,
                                     Placement& placement) const {
  for (std::size_t i = 0; i < b.num_movers; ++i) {
    const NodeId node(b.node_of_point[i]);
    const Vector2 half = real_half_size(*netlist_, placement, node);
    placement.x[node.index()] = clamp_centre(b.position[i].x, 2.0 * half.x, width_);
    placement.y[node.index()] = clamp_centre(b.position[i].y, 2.0 * half.y, height_);
    placement.placed[node.index()] = 1;
  }
}

void ForceDirectedPlacer::run(Placement& placement, ForceDirectedScratch& scratch) const {
  if (placement.size() != netlist_->num_nodes()) {
    throw std::invalid_argument("placement has " + std::to_string(placement.size()) +
                                " nodes, the netlist " + std::to_string(netlist_->num_nodes()));
  }
  ForceDirectedScratch::Buffers& buffers = *scratch.buffers_;
  collect_nodes(placement, buffers);
  collect_springs(placement, buffers);
  collect_boxes(placement, buffers);
  for (const ForceDirectedPhase& phase : options_.phases) {
    for (int step = 0; step < phase.steps; ++step) {
      buffers.step(phase, max_move(phase), {width_, height_});
    }
  }
  write_back(buffers, placement);
}

void ForceDirectedPlacer::run(Placement& placement) const {
  ForceDirectedScratch scratch;
  run(placement, scratch);
}

}  // namespace tessera::placer
