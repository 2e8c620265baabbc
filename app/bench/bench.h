#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cost/cost_options.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::bench {

/// Times pieces of work and keeps their medians.
class Stopwatch {
 public:
  /// Runs `work` once to warm up and then `runs` times; each run does its thing `repeats` times,
  /// and the median per thing is kept.
  void measure(const std::string& name,
               std::size_t runs,
               std::size_t repeats,
               const std::function<void()>& work) {
    work();
    std::vector<double> times;
    for (std::size_t run = 0; run < runs; ++run) {
      const auto start = std::chrono::steady_clock::now();
      work();
      const std::chrono::duration<double, std::milli> elapsed =
          std::chrono::steady_clock::now() - start;
      times.push_back(elapsed.count() / static_cast<double>(repeats));
    }
    std::sort(times.begin(), times.end());
    const std::size_t middle = runs / 2;
    const double median = runs % 2 == 1 ? times[middle] : 0.5 * (times[middle - 1] + times[middle]);
    std::fprintf(stderr, "%-60s %10.4g ms\n", name.c_str(), median);
    results_.push_back({{"name", name}, {"median_ms", median}, {"runs", runs}});
  }

  nlohmann::ordered_json document() const { return {{"results", results_}}; }

 private:
  nlohmann::ordered_json results_ = nlohmann::ordered_json::array();
};

/// Keeps the optimiser from dropping work whose result nobody looks at.
inline volatile double g_sink = 0.0;

/// A block as the command line would read it.
struct Block {
  netlist_io::Netlist netlist;
  netlist_io::Canvas canvas;
  netlist_io::Placement placement;
  cost::CostOptions cost;
};

/// The exact incremental cost, the maps of its changes, the analytic placer and the legaliser.
void measure_search(const Block& block, Stopwatch& stopwatch);

/// The incremental cost on synthetic blocks of 1/4, 1, 4 and 16 times the usual size.
void measure_growth(Stopwatch& stopwatch);

}  // namespace tessera::bench
