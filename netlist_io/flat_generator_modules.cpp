#include "netlist_io/flat_generator_modules.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace tessera::netlist_io::flat {
namespace {

constexpr std::size_t kMinLeafCells = 10;
constexpr double kMinLogicShare = 0.1;      ///< of the cells, however many stand around memories
constexpr std::size_t kMaxMemoryDepth = 4;  ///< levels below a unit where memories may be
constexpr double kDescend = 0.6;            ///< chance that memories belong to a part of a module
/// Gates with 1, 2, ... inputs: the average of the NanGate45, ASAP7 and SKY130 netlists of Ariane.
constexpr std::array kInputShares = {0.14, 0.36, 0.11, 0.31, 0.035, 0.045};
/// Sinks of a net apart from control nets, such that the inputs of gates are just used up.
constexpr double kMeanFanout = 1.9;
constexpr double kInputShare = 0.6;  ///< of the terminals of a module

double log_uniform(Rng& rng, double low, double high) {
  return std::exp(rng.uniform(std::log(low), std::log(high)));
}

int draw_inputs(Rng& rng) {
  double u = rng.uniform();
  int inputs = 1;
  for (const double share : kInputShares) {
    if (u < share) {
      return inputs;
    }
    u -= share;
    ++inputs;
  }
  return static_cast<int>(kInputShares.size());
}

}  // namespace

ModuleTree::ModuleTree(const FlatGeneratorOptions& options,
                       const std::vector<MemoryMaster>& masters,
                       Circuit& circuit,
                       Wiring& wiring)
    : options_(options), masters_(masters), circuit_(circuit), wiring_(wiring), rng_(wiring.rng()) {
  wiring_.set_mean_fanout(kMeanFanout);
}

std::vector<Terminals> ModuleTree::build_units() {
  const auto cells = static_cast<std::size_t>(options_.logic.cells);
  std::vector<std::vector<MemoryGroup>> groups =
      draw_groups(options_.memories, masters_, cells, rng_);
  std::size_t around_memories = 0;
  for (const auto& of_owner : groups) {
    for (const MemoryGroup& group : of_owner) {
      around_memories += group.num_cells;
    }
  }
  const auto least = static_cast<std::size_t>(kMinLogicShare * static_cast<double>(cells));
  const std::size_t logic = around_memories + least < cells ? cells - around_memories : least;
  const auto units = static_cast<std::size_t>(options_.logic.units);
  groups.resize(units);
  const std::vector<std::size_t> sizes =
      split(logic, units, options_.logic.equal_units ? 1.0 : 10.0);
  std::vector<Terminals> terminals;
  for (std::size_t unit = 0; unit < units; ++unit) {
    terminals.push_back(
        build("u" + std::to_string(unit) + "/", sizes[unit], std::move(groups[unit]), 0));
    finish_controls(terminals.back());
  }
  return terminals;
}

Terminals ModuleTree::build(const std::string& path,
                            std::size_t logic_cells,
                            std::vector<MemoryGroup> groups,
                            std::size_t depth) {
  const std::size_t leaf = draw_leaf_size();
  if (groups.empty() && logic_cells <= std::max(leaf, 2 * kMinLeafCells)) {
    return rng_.uniform() < options_.logic.register_share ? add_registers(path, logic_cells)
                                                          : add_gates(path, logic_cells);
  }
  const std::size_t first_cell = circuit_.cells.size();
  const std::size_t parts =
      std::clamp<std::size_t>(logic_cells / kMinLeafCells, 1, 2 + rng_.below(3));
  const std::vector<std::size_t> sizes = split(logic_cells, parts, 3.0);
  std::vector<std::vector<MemoryGroup>> groups_of(parts);
  std::vector<Terminals> terminals;
  std::size_t number = 0;
  for (MemoryGroup& group : groups) {
    const std::size_t part = rng_.below(parts);
    if (depth < kMaxMemoryDepth && sizes[part] > group.num_cells && rng_.uniform() < kDescend) {
      groups_of[part].push_back(std::move(group));
    } else {
      const std::string name = path + "bank_" + std::to_string(number++) + "/";
      terminals.push_back(add_memory_group(circuit_, masters_, group, options_.memories, name));
    }
  }
  for (std::size_t part = 0; part < parts; ++part) {
    terminals.push_back(build(path + "m" + std::to_string(part) + "/",
                              sizes[part],
                              std::move(groups_of[part]),
                              depth + 1));
  }
  return connect(terminals, first_cell);
}

/// Gates, connected with each other; those with two inputs or more are each on one of the control
/// nets that gates near by share, in this module or its neighbours.
Terminals ModuleTree::add_gates(const std::string& path, std::size_t count) {
  const ModuleIndex module = circuit_.add_module(path);
  const std::size_t first_cell = circuit_.cells.size();
  std::vector<Terminals> cells(count);
  Terminals controls;
  for (Terminals& cell : cells) {
    const int inputs = draw_inputs(rng_);
    cell.outputs.push_back(circuit_.add_cell(module, inputs));
    circuit_.open_inputs(std::max(1, inputs - 1), cell);
    if (inputs > 1) {
      add_to_control(circuit_.last_cell(), controls);
    }
  }
  Terminals terminals = connect(cells, first_cell);
  terminals.append(controls);
  return terminals;
}

/// A control net that has its number of gates becomes an input of the module of the last of them.
void ModuleTree::add_to_control(End gate, Terminals& terminals) {
  Control& control = controls_[rng_.below(controls_.size())];
  if (control.gates.empty()) {
    control.wanted = draw_leaf_size();
  }
  control.gates.push_back(gate);
  if (control.gates.size() >= control.wanted) {
    terminals.inputs.push_back(circuit_.add_bundle(control.gates));
    control.gates.clear();
  }
}

/// Those that the last gates of a unit have left.
void ModuleTree::finish_controls(Terminals& terminals) {
  for (Control& control : controls_) {
    if (!control.gates.empty()) {
      terminals.inputs.push_back(circuit_.add_bundle(control.gates));
      control.gates.clear();
    }
  }
}

std::size_t ModuleTree::draw_leaf_size() {
  return static_cast<std::size_t>(
      log_uniform(rng_, kMinLeafCells, static_cast<double>(options_.logic.max_leaf_cells)));
}

/// Registers of a bus with a common enable; half of the buses have a second source.
Terminals ModuleTree::add_registers(const std::string& path, std::size_t count) {
  const ModuleIndex module = circuit_.add_module(path);
  const int sources = 1 + static_cast<int>(rng_.below(2));
  Terminals terminals;
  std::vector<End> enabled;
  for (std::size_t i = 0; i < count; ++i) {
    terminals.outputs.push_back(circuit_.add_cell(module, sources + 1, true));
    circuit_.open_inputs(sources, terminals);
    enabled.push_back(circuit_.last_cell());
  }
  if (!enabled.empty()) {
    terminals.inputs.push_back(circuit_.add_bundle(enabled));
  }
  return terminals;
}

/// Shares of cells, the largest up to `unevenness` times the smallest.
std::vector<std::size_t> ModuleTree::split(std::size_t cells,
                                           std::size_t parts,
                                           double unevenness) {
  std::vector<double> weights(parts);
  double sum = 0.0;
  for (double& weight : weights) {
    weight = log_uniform(rng_, 1.0, unevenness);
    sum += weight;
  }
  std::vector<std::size_t> sizes;
  std::size_t left = cells;
  for (std::size_t part = 0; part + 1 < parts; ++part) {
    sizes.push_back(
        std::min(left, static_cast<std::size_t>(static_cast<double>(cells) * weights[part] / sum)));
    left -= sizes.back();
  }
  sizes.push_back(left);
  return sizes;
}

Terminals ModuleTree::connect(const std::vector<Terminals>& parts, std::size_t first_cell) {
  const std::size_t cells = circuit_.cells.size() - first_cell;
  WiringGoal goal;
  const std::size_t wanted = terminals_by_rent(cells);
  goal.inputs = static_cast<std::size_t>(kInputShare * static_cast<double>(wanted));
  goal.outputs = wanted - goal.inputs;
  const double root = std::sqrt(static_cast<double>(cells));
  goal.bus_width = std::clamp(static_cast<int>(root / 2.0), 1, options_.logic.bus_width);
  Terminals terminals = wiring_.connect_parts(parts, goal);
  if (cells > 1 && terminals.size() > 0) {
    samples_.push_back(
        {std::log(static_cast<double>(cells)), std::log(static_cast<double>(terminals.size()))});
  }
  return terminals;
}

std::size_t ModuleTree::terminals_by_rent(std::size_t cells) const {
  return static_cast<std::size_t>(
      options_.logic.rent_coefficient *
      std::pow(static_cast<double>(cells), options_.logic.rent_exponent));
}

/// Least squares in logarithms over the means of the modules of each size, by powers of two, so
/// that the many small ones do not decide alone.
RentFit ModuleTree::rent_fit() const {
  struct Bucket {
    double count = 0.0;
    double x = 0.0;
    double y = 0.0;
  };
  std::array<Bucket, 64> buckets;
  for (const Sample& sample : samples_) {
    Bucket& bucket = buckets[static_cast<std::size_t>(sample.log_cells / std::log(2.0))];
    bucket.count += 1.0;
    bucket.x += sample.log_cells;
    bucket.y += sample.log_terminals;
  }
  double n = 0.0, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
  for (const Bucket& bucket : buckets) {
    if (bucket.count > 0.0) {
      const double mean_x = bucket.x / bucket.count;
      const double mean_y = bucket.y / bucket.count;
      n += 1.0;
      x += mean_x;
      y += mean_y;
      xx += mean_x * mean_x;
      xy += mean_x * mean_y;
    }
  }
  const double spread = n * xx - x * x;
  if (spread <= 0.0) {
    return {};
  }
  const double exponent = (n * xy - x * y) / spread;
  return {exponent, std::exp((y - exponent * x) / n)};
}

}  // namespace tessera::netlist_io::flat
