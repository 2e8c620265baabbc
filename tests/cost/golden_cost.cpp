#include "tests/cost/golden_cost.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "tests/cost/circuit_builder.h"

#include "cost/top_mean.h"
#include "netlist_io/file.h"

namespace tessera::testing {
namespace {

using cost::CostBreakdown;
using cost::CostOptions;
using cost::CostWorkspace;
using netlist_io::Canvas;
using nlohmann::json;

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double maximum(const std::vector<double>& values) {
  return *std::max_element(values.begin(), values.end());
}

/// Mean of the largest share `1 / divisor` of the values, of the largest one if there are too few.
double mean_of_largest(std::vector<double> values, std::size_t divisor) {
  return cost::top_mean(values, std::max<std::size_t>(1, values.size() / divisor));
}

std::vector<double> joined(std::vector<double> first, const std::vector<double>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace

json read_json(const std::filesystem::path& path) {
  return json::parse(netlist_io::read_file(path.string()));
}

netlist_io::NetlistFile read_one_netlist(const std::filesystem::path& path,
                                         netlist_io::NumberPrecision precision) {
  const std::vector<std::string> paths = {path.string()};
  return netlist_io::read_netlist(paths, precision);
}

Canvas golden_canvas(const json& entry) {
  return make_canvas(entry.at("canvas")[0],
                     entry.at("canvas")[1],
                     entry.at("grid_cols_rows")[0],
                     entry.at("grid_cols_rows")[1]);
}

CostOptions golden_options(const json& entry) {
  CostOptions options;
  options.routes = {entry.at("routes_per_micron")[0], entry.at("routes_per_micron")[1]};
  const json& macro_routes = entry.at("macro_routing_allocation_hor_ver");
  options.macro_routes = {macro_routes[0], macro_routes[1]};
  options.smooth_range = entry.at("smooth_range");
  return options;
}

double golden_difference(const json& entry,
                         const CostBreakdown& cost,
                         const CostWorkspace& workspace) {
  double largest = 0.0;
  const auto compare = [&](double value, const json& expected) {
    largest = std::max(largest, relative_error(value, expected.get<double>()));
  };
  compare(cost.hpwl_um, entry.at("wirelength"));
  compare(cost.wirelength, entry.at("wirelength_cost"));
  compare(cost.density, entry.at("density_cost"));
  compare(cost.congestion, entry.at("congestion_cost"));
  compare(cost.proxy, entry.at("proxy_cost_1_0.5_0.5"));
  compare(sum(workspace.density), entry.at("density_grid_sum"));
  compare(maximum(workspace.density), entry.at("density_grid_max"));

  const cost::CongestionMaps& maps = workspace.congestion;
  const json& net = entry.at("net_only_before_smoothing");
  compare(sum(maps.net.horizontal), net.at("H_sum"));
  compare(sum(maps.net.vertical), net.at("V_sum"));
  compare(maximum(maps.net.horizontal), net.at("H_max"));
  compare(maximum(maps.net.vertical), net.at("V_max"));
  compare(mean_of_largest(maps.net.horizontal, 20), net.at("abu5_H"));
  compare(mean_of_largest(maps.net.vertical, 20), net.at("abu5_V"));
  compare(mean_of_largest(joined(maps.net.vertical, maps.net.horizontal), 20), net.at("abu5_VH"));
  compare(sum(maps.macro.horizontal), entry.at("macro_only").at("H_sum"));
  compare(sum(maps.macro.vertical), entry.at("macro_only").at("V_sum"));
  const json& total = entry.at("total");
  compare(sum(maps.total.horizontal), total.at("H_sum"));
  compare(sum(maps.total.vertical), total.at("V_sum"));
  compare(maximum(maps.total.horizontal), total.at("H_max"));
  compare(maximum(maps.total.vertical), total.at("V_max"));
  if (maps.total.horizontal.size() >= 10) {  // smaller grids follow another rule there
    compare(mean_of_largest(maps.total.horizontal, 10), entry.at("H_congestion_top10pct"));
    compare(mean_of_largest(maps.total.vertical, 10), entry.at("V_congestion_top10pct"));
  }
  return largest;
}

double grid_difference(const json& grids, const CostWorkspace& workspace) {
  double largest = 0.0;
  const auto compare = [&](const std::vector<double>& values, const char* name) {
    const std::vector<double> expected = grids.at(name);
    largest = std::max(largest, max_difference(values, expected));
  };
  compare(workspace.density, "density");
  compare(workspace.congestion.net.horizontal, "H_net_before_smoothing");
  compare(workspace.congestion.net.vertical, "V_net_before_smoothing");
  compare(workspace.congestion.macro.horizontal, "H_macro");
  compare(workspace.congestion.macro.vertical, "V_macro");
  compare(workspace.congestion.total.horizontal, "H_total");
  compare(workspace.congestion.total.vertical, "V_total");
  return largest;
}

CongestionOver90 congestion_over_90(const cost::DemandMaps& total) {
  CongestionOver90 metric;
  for (const double value : joined(total.vertical, total.horizontal)) {
    if (value > 0.9) {
      metric.share += 1.0;
      metric.excess += value - 0.9;
    }
  }
  const auto count = static_cast<double>(2 * total.horizontal.size());
  return {metric.share / count, metric.excess / count};
}

}  // namespace tessera::testing
