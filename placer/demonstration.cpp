#include "placer/demonstration.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "cost/cell_range.h"
#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/markup_text.h"
#include "placer/macro_env.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::GridShape;
using netlist_io::InfeasibleError;
using netlist_io::NodeId;
using netlist_io::ParseError;
using netlist_io::Placement;

namespace {

constexpr double kCentreTolerance = 1e-3;  ///< cells

const char* order_name(MacroOrder order) {
  switch (order) {
    case MacroOrder::kArea:
      return "area";
    case MacroOrder::kConnectivity:
      return "connectivity";
  }
  return "";
}

std::optional<MacroOrder> parse_order(std::string_view name) {
  for (const MacroOrder order : {MacroOrder::kArea, MacroOrder::kConnectivity}) {
    if (name == order_name(order)) {
      return order;
    }
  }
  return std::nullopt;
}

std::string grid_text(GridShape grid) {
  return std::to_string(grid.cols) + " x " + std::to_string(grid.rows);
}

/// Column or row with its centre at `position`, if there is one.
std::optional<int> index_of_centre(double position, double size, int count) {
  const int index = cost::detail::cell_index(position, size, 0, count - 1);
  const bool centred = std::abs(position / size - (index + 0.5)) <= kCentreTolerance;
  return centred ? std::optional(index) : std::nullopt;
}

CellIndex cell_of(const MacroProblem& problem, const Placement& placement, NodeId macro) {
  const Canvas& canvas = problem.canvas();
  const double x = placement.x[macro.index()];
  const double y = placement.y[macro.index()];
  const std::optional<int> col = index_of_centre(x, canvas.cell_width(), canvas.grid.cols);
  const std::optional<int> row = index_of_centre(y, canvas.cell_height(), canvas.grid.rows);
  if (!col || !row) {
    throw InfeasibleError("hard macro \"" + problem.netlist().name(macro) + "\" at (" +
                          std::to_string(x) + ", " + std::to_string(y) +
                          ") um is not at the centre of a grid cell");
  }
  return static_cast<CellIndex>(*col + *row * canvas.grid.cols);
}

void check_same_episode(const MacroProblem& problem, const Demonstration& demonstration) {
  const auto fail = [&](const std::string& what) {
    throw InfeasibleError("demonstration of " + demonstration.block + " " + what);
  };
  if (demonstration.grid != problem.canvas().grid) {
    fail("is on a grid of " + grid_text(demonstration.grid) + " cells, expected " +
         grid_text(problem.canvas().grid));
  }
  if (demonstration.order != problem.options().order) {
    fail(std::string("has the order ") + order_name(demonstration.order) + ", expected " +
         order_name(problem.options().order));
  }
  if (demonstration.cells.size() != problem.macros().size()) {
    fail("has " + std::to_string(demonstration.cells.size()) + " cells, expected " +
         std::to_string(problem.macros().size()) + ", one a movable hard macro");
  }
}

[[noreturn]] void refuse(const MacroEnv& env,
                         const Demonstration& demonstration,
                         const char* reason) {
  const MacroProblem& problem = env.problem();
  const std::size_t step = env.num_placed();
  throw InfeasibleError("hard macro \"" + problem.netlist().name(problem.macros()[step]) +
                        "\" of " + demonstration.block + " cannot be placed at cell " +
                        std::to_string(demonstration.cells[step]) + reason);
}

void check_mask(const MacroEnv& env, const Demonstration& demonstration) {
  const CellIndex cell = demonstration.cells[env.num_placed()];
  if (cell >= demonstration.grid.num_cells() || !env.mask().test(cell)) {
    refuse(env, demonstration, ", which is not legal after the macros before it");
  }
}

/// Takes the next cell of the demonstration.
StepResult take(MacroEnv& env, const Demonstration& demonstration) {
  check_mask(env, demonstration);
  StepResult result = env.step(demonstration.cells[env.num_placed()]);
  if (result.status == StepResult::Status::kRefused) {
    refuse(env, demonstration, ": no room was found for the macros after it");
  }
  return result;
}

nlohmann::ordered_json to_json(const Demonstration& demonstration) {
  return {{"block", demonstration.block},
          {"seed", demonstration.seed},
          {"grid", {demonstration.grid.cols, demonstration.grid.rows}},
          {"order", order_name(demonstration.order)},
          {"proxy", demonstration.proxy},
          {"cells", demonstration.cells}};
}

/// Throws `std::invalid_argument` for what is not written as a whole number from `least` to `most`.
std::uint64_t whole_number(const nlohmann::json& value,
                           const char* name,
                           std::uint64_t least,
                           std::uint64_t most) {
  const std::uint64_t number = value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
  if (!value.is_number_unsigned() || number < least || number > most) {
    throw std::invalid_argument(std::string(name) + " is " + value.dump() +
                                ", expected a whole number from " + std::to_string(least) + " to " +
                                std::to_string(most));
  }
  return number;
}

/// Throws `nlohmann::json::exception` for a field that is missing or of another type and
/// `std::invalid_argument` for one out of range.
Demonstration from_json(const nlohmann::json& object) {
  Demonstration demonstration;
  demonstration.block = object.at("block").get<std::string>();
  demonstration.seed =
      whole_number(object.at("seed"), "seed", 0, std::numeric_limits<std::uint64_t>::max());
  demonstration.proxy = object.at("proxy").get<double>();
  const nlohmann::json& grid = object.at("grid");
  if (!grid.is_array() || grid.size() != 2) {
    throw std::invalid_argument("grid has to be two numbers, columns and rows");
  }
  constexpr std::uint64_t kMostCells = 1U << 16;  // a side; placements have less
  demonstration.grid = {
      static_cast<int>(whole_number(grid.at(0), "the grid's width", 1, kMostCells)),
      static_cast<int>(whole_number(grid.at(1), "the grid's height", 1, kMostCells))};
  const std::optional<MacroOrder> order = parse_order(object.at("order").get<std::string>());
  if (!order) {
    throw std::invalid_argument("order is " + object.at("order").dump() +
                                ", expected area or connectivity");
  }
  demonstration.order = *order;
  for (const nlohmann::json& cell : object.at("cells")) {
    if (!cell.is_number_unsigned() || cell.get<std::uint64_t>() >= demonstration.grid.num_cells()) {
      throw std::invalid_argument("cell " + cell.dump() + " is not one of " +
                                  std::to_string(demonstration.grid.num_cells()));
    }
    demonstration.cells.push_back(cell.get<CellIndex>());
  }
  return demonstration;
}

std::vector<Demonstration> parse_lines(std::string_view text, const std::string& path) {
  std::vector<Demonstration> demonstrations;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (netlist_io::nests_deeper(text.substr(0, end), netlist_io::kMaxJsonLevels)) {
      throw ParseError({path, line, 1}, "no demonstration: its JSON is nested too deep");
    }
    try {
      demonstrations.push_back(from_json(nlohmann::json::parse(text.substr(0, end))));
    } catch (const nlohmann::json::exception& error) {
      throw ParseError({path, line, 1}, std::string("no demonstration: ") + error.what());
    } catch (const std::invalid_argument& error) {
      throw ParseError({path, line, 1}, error.what());
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return demonstrations;
}

}  // namespace

Demonstration make_demonstration(const MacroProblem& problem,
                                 const Placement& placement,
                                 std::string block) {
  Demonstration demonstration;
  demonstration.block = std::move(block);
  demonstration.grid = problem.canvas().grid;
  demonstration.order = problem.options().order;
  for (const NodeId macro : problem.macros()) {
    demonstration.cells.push_back(cell_of(problem, placement, macro));
  }
  MacroEnv env(problem);
  StepResult last;
  while (!env.done()) {
    last = take(env, demonstration);
  }
  demonstration.proxy = (problem.macros().empty() ? env.finish() : last).cost.proxy;
  return demonstration;
}

void check_demonstration(const MacroProblem& problem, const Demonstration& demonstration) {
  check_same_episode(problem, demonstration);
  MacroEnv env(problem);
  for (std::size_t step = 0; step < demonstration.cells.size(); ++step) {
    // After the last macro the environment would place the clusters; whether the macro may stand
    // there, the mask says already.
    if (step + 1 == demonstration.cells.size()) {
      check_mask(env, demonstration);
    } else {
      take(env, demonstration);
    }
  }
}

Demonstration transform_demonstration(const Demonstration& demonstration, Symmetry symmetry) {
  Demonstration result = demonstration;
  if (symmetry == Symmetry{}) {
    return result;
  }
  result.block += "@" + to_string(symmetry);
  if (symmetry.transpose) {
    std::swap(result.grid.cols, result.grid.rows);
  }
  for (CellIndex& cell : result.cells) {
    cell = transform_cell(cell, demonstration.grid, symmetry);
  }
  return result;
}

void append_demonstration(const std::string& path, const Demonstration& demonstration) {
  std::ofstream file(path, std::ios::app);
  file << to_json(demonstration).dump() + "\n" << std::flush;
  if (!file) {
    throw std::runtime_error(path + ": cannot be written");
  }
}

std::vector<Demonstration> read_demonstrations(const std::string& path) {
  return parse_lines(netlist_io::read_file(path), path);
}

std::vector<Demonstration> resume_demonstrations(const std::string& path) {
  if (!std::filesystem::exists(path)) {
    return {};
  }
  std::string text = netlist_io::read_file(path);
  const std::size_t last_end = text.rfind('\n');
  const std::size_t whole = last_end == std::string::npos ? 0 : last_end + 1;
  const bool complete = whole == text.size();
  text.resize(whole);
  std::vector<Demonstration> demonstrations = parse_lines(text, path);
  if (!complete) {
    netlist_io::write_file_atomic(path, text);
  }
  return demonstrations;
}

}  // namespace tessera::placer
