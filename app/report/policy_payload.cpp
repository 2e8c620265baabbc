#include "app/report/policy_payload.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "placer/macro_env.h"

namespace tessera::app {
namespace {

/// Probabilities of the cells, rounded to what a picture can show.
std::vector<double> probabilities(const placer::CellMaskView& mask,
                                  const std::vector<float>& logits) {
  constexpr double kSteps = 1e4;
  double max = -std::numeric_limits<double>::infinity();
  mask.for_each(
      [&](placer::CellIndex cell) { max = std::max(max, static_cast<double>(logits[cell])); });
  double sum = 0.0;
  mask.for_each([&](placer::CellIndex cell) { sum += std::exp(logits[cell] - max); });
  std::vector<double> result(logits.size(), 0.0);
  mask.for_each([&](placer::CellIndex cell) {
    result[cell] = std::round(std::exp(logits[cell] - max) / sum * kSteps) / kSteps;
  });
  return result;
}

placer::CellIndex cell_of(const netlist_io::Canvas& canvas, double x, double y) {
  const auto index = [](double at, double size, int count) {
    return std::clamp(static_cast<int>(std::floor(at / size)), 0, count - 1);
  };
  const int col = index(x, canvas.cell_width(), canvas.grid.cols);
  const int row = index(y, canvas.cell_height(), canvas.grid.rows);
  return static_cast<placer::CellIndex>(col + row * canvas.grid.cols);
}

}  // namespace

nlohmann::ordered_json policy_payload(const placer::MacroProblem& problem,
                                      const placer::Policy& policy,
                                      const netlist_io::Placement& placement) {
  constexpr std::size_t kMostNumbers = 1'000'000;
  const std::size_t num_macros = problem.macros().size();
  if (num_macros * problem.canvas().grid.num_cells() > kMostNumbers) {
    return nullptr;
  }
  nlohmann::ordered_json macros = nlohmann::ordered_json::array();
  nlohmann::ordered_json lists = nlohmann::ordered_json::array();
  placer::MacroEnv env(problem);
  placer::PolicyOutput output;
  for (std::size_t step = 0; step < num_macros; ++step) {
    const std::size_t macro = problem.macros()[step].index();
    const placer::MacroEnv* const current = &env;
    policy.evaluate({&current, 1}, output);
    macros.push_back(macro);
    lists.push_back(probabilities(env.mask(), output.logits));
    if (step + 1 < num_macros) {  // the last step would place the clusters
      env.step(cell_of(problem.canvas(), placement.x[macro], placement.y[macro]));
    }
  }
  return {{"macros", std::move(macros)}, {"probabilities", std::move(lists)}};
}

}  // namespace tessera::app
