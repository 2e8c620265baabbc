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
  struct Work {
    std::string name;
    std::function<void()> run;
  };

  /// Runs `work` once to warm up and then `runs` times; each run does its thing `repeats` times,
  /// and the median per thing is kept.
  void measure(const std::string& name,
               std::size_t runs,
               std::size_t repeats,
               const std::function<void()>& work) {
    work();
    std::vector<double> times;
    for (std::size_t run = 0; run < runs; ++run) {
      times.push_back(milliseconds(work) / static_cast<double>(repeats));
    }
    keep(name, times);
  }

  /// Runs both pieces of work in turn, `runs` times each after a warm-up, so that whatever slows
  /// the machine down for a while slows both.
  void measure_pair(const Work& first, const Work& second, std::size_t runs) {
    first.run();
    second.run();
    std::vector<double> first_times;
    std::vector<double> second_times;
    std::vector<double> ratios;
    for (std::size_t run = 0; run < runs; ++run) {
      first_times.push_back(milliseconds(first.run));
      second_times.push_back(milliseconds(second.run));
      ratios.push_back(second_times.back() / first_times.back());
    }
    keep(first.name, first_times);
    keep(second.name, second_times);
    std::fprintf(stderr, "%-60s %10.4g times\n", "  median ratio of the pairs", median(ratios));
  }

  nlohmann::ordered_json document() const { return {{"results", results_}}; }

 private:
  static double milliseconds(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::milli> elapsed =
        std::chrono::steady_clock::now() - start;
    return elapsed.count();
  }

  static double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
  }

  void keep(const std::string& name, const std::vector<double>& times) {
    std::fprintf(stderr, "%-60s %10.4g ms\n", name.c_str(), median(times));
    results_.push_back({{"name", name}, {"median_ms", median(times)}, {"runs", times.size()}});
  }

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
