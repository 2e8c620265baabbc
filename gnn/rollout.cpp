#include "gnn/rollout.h"

#include <algorithm>
#include <exception>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>

#include "netlist_io/rng.h"
#include "placer/canvas_observer.h"
#include "placer/decoding.h"
#include "placer/macro_env.h"

namespace tessera::gnn {

using netlist_io::Rng;
using placer::CellIndex;
using placer::MacroEnv;
using placer::MacroProblem;
using placer::StepResult;

namespace {

/// Episodes that share their forward passes on the CPU, run by one thread. Fixed, because the last
/// bits of a batched product may depend on the size of the batch.
constexpr std::size_t kGroup = 8;

/// The legal cell nearest to `wanted`, which is that itself if it is legal.
CellIndex nearest_legal(const MacroEnv& env, CellIndex wanted) {
  const netlist_io::Canvas& canvas = env.problem().canvas();
  const auto cols = static_cast<CellIndex>(canvas.grid.cols);
  CellIndex nearest = wanted;
  double least = std::numeric_limits<double>::infinity();
  env.mask().for_each([&](CellIndex cell) {
    const double dx = (static_cast<double>(cell % cols) - static_cast<double>(wanted % cols)) *
                      canvas.cell_width();
    const double dy = (static_cast<double>(cell / cols) - static_cast<double>(wanted / cols)) *
                      canvas.cell_height();
    const double distance = dx * dx + dy * dy;
    if (distance < least) {
      least = distance;
      nearest = cell;
    }
  });
  return nearest;
}

/// A running episode.
class Runner {
 public:
  Runner(const EpisodePlan& plan, Rng rng, bool reads_canvas)
      : plan_(&plan), env_(plan.encoder->problem()), rng_(rng) {
    if (reads_canvas) {
      observer_ = std::make_unique<placer::CanvasObserver>(plan.encoder->problem());
    }
    trajectory_.encoder = plan.encoder;
    trajectory_.block = plan.block;
    for (const CellIndex cell : plan.prefix) {
      const bool last = env_.num_placed() + 1 == plan.encoder->problem().macros().size();
      if (last || !env_.mask().test(cell) ||
          env_.step(cell).status == StepResult::Status::kRefused) {
        break;
      }
    }
    trajectory_.prefix = env_.num_placed();
    trajectory_.actions.assign(env_.actions().begin(), env_.actions().end());
  }

  bool done() const { return env_.done(); }

  void look(std::vector<float>& scratch) {
    if (observer_) {
      trajectory_.observations.push_back(observe(*observer_, env_, scratch));
    }
  }

  StateView state() const {
    return {plan_->encoder, env_.actions(), observer_ ? &trajectory_.observations.back() : nullptr};
  }

  /// `logits`: [A] of the own grid.
  void step(std::span<const float> logits, float value) {
    const std::size_t at = env_.num_placed();
    if (!plan_->teacher.empty()) {
      trajectory_.targets.push_back(nearest_legal(env_, plan_->teacher[at]));
    }
    const bool may_follow = !plan_->teacher.empty() && plan_->follow > 0.0;
    const bool follows = may_follow && rng_.uniform() < plan_->follow;
    const placer::Decision decision =
        follows ? placer::decide_for(env_, trajectory_.targets.back(), logits, rng_)
                : placer::decide(env_, logits, placer::Decoding::kSample, rng_);
    trajectory_.actions.push_back(decision.action);
    trajectory_.masks.insert(trajectory_.masks.end(), decision.mask.begin(), decision.mask.end());
    trajectory_.log_probs.push_back(decision.log_prob);
    trajectory_.values.push_back(value);
    trajectory_.growth.push_back(decision.result.proxy_growth);
    trajectory_.cost = decision.result.cost;
  }

  Trajectory take() { return std::move(trajectory_); }

 private:
  const EpisodePlan* plan_;
  MacroEnv env_;
  Rng rng_;
  std::unique_ptr<placer::CanvasObserver> observer_;
  Trajectory trajectory_;
};

/// Scores of the cells of one state's own grid, out of the padded scores of a batch.
std::vector<float> own_logits(const float* padded,
                              netlist_io::GridShape grid,
                              netlist_io::GridShape common) {
  std::vector<float> logits(grid.num_cells());
  const auto cols = static_cast<std::size_t>(grid.cols);
  for (std::size_t row = 0; row < static_cast<std::size_t>(grid.rows); ++row) {
    std::copy_n(padded + row * static_cast<std::size_t>(common.cols),
                cols,
                logits.begin() + static_cast<std::ptrdiff_t>(row * cols));
  }
  return logits;
}

/// Keeps what a thread throws inside a parallel loop.
class FirstError {
 public:
  template <typename Function>
  void guard(Function function) {
    try {
      function();
    } catch (...) {
#pragma omp critical(tessera_rollout)
      error_ = std::current_exception();
    }
  }
  void rethrow() const {
    if (error_) {
      std::rethrow_exception(error_);
    }
  }

 private:
  std::exception_ptr error_;
};

/// Runs episodes in lock step, all with one forward pass a step; those that have ended drop out.
void run_group(std::span<Runner> runners, PolicyNet& net, int threads, torch::Device device) {
  const torch::NoGradGuard no_grad;
  while (true) {
    std::vector<Runner*> active;
    for (Runner& runner : runners) {
      if (!runner.done()) {
        active.push_back(&runner);
      }
    }
    if (active.empty()) {
      return;
    }
    FirstError error;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1) if (threads > 1)
    for (std::size_t i = 0; i < active.size(); ++i) {
      std::vector<float> own;
      error.guard([&] { active[i]->look(own); });
    }
    error.rethrow();
    std::vector<StateView> states;
    for (const Runner* const runner : active) {
      states.push_back(runner->state());
    }
    const StateBatch batch = encode(states);
    const PolicyValue output = net.forward(batch.to(device));
    const torch::Tensor logits = output.logits.to(torch::kCPU).contiguous();
    const torch::Tensor value = output.value.to(torch::kCPU).contiguous();
    const netlist_io::GridShape common = batch.common_grid();
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1) if (threads > 1)
    for (std::size_t i = 0; i < active.size(); ++i) {
      error.guard([&] {
        const float* const padded = logits.data_ptr<float>() + i * common.num_cells();
        active[i]->step(own_logits(padded, batch.grids[i], common), value.data_ptr<float>()[i]);
      });
    }
    error.rethrow();
  }
}

}  // namespace

std::vector<Trajectory> collect_episodes(std::span<const EpisodePlan> plans,
                                         PolicyNet& net,
                                         const RolloutOptions& options) {
  const Rng stream =
      Rng::derive(options.seed, "rollout", static_cast<std::uint64_t>(options.iteration));
  std::vector<Runner> runners;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    runners.emplace_back(
        plans[i], Rng::derive(stream.state().words[0], "episode", i), net.reads_canvas());
  }
  if (options.device.is_cpu()) {
    FirstError error;
#pragma omp parallel for num_threads(options.threads) schedule(dynamic, 1)
    for (std::size_t first = 0; first < runners.size(); first += kGroup) {
      error.guard([&] {
        const std::size_t size = std::min(kGroup, runners.size() - first);
        run_group(std::span(runners).subspan(first, size), net, 1, options.device);
      });
    }
    error.rethrow();
  } else {
    run_group(runners, net, options.threads, options.device);
  }
  std::vector<Trajectory> trajectories;
  for (Runner& runner : runners) {
    trajectories.push_back(runner.take());
  }
  return trajectories;
}

netlist_io::Placement replay(const MacroProblem& problem, std::span<const CellIndex> actions) {
  MacroEnv env(problem);
  for (const CellIndex action : actions) {
    env.step(action);
  }
  return env.placement();
}

void estimate_advantages(Trajectory& trajectory,
                         const ReturnScale& scale,
                         double shaping,
                         double gae_lambda) {
  const std::size_t steps = trajectory.num_steps();
  const double total_growth =
      std::accumulate(trajectory.growth.begin(), trajectory.growth.end(), 0.0);
  const double terminal =
      (scale.mean - trajectory.cost.proxy + shaping * total_growth) / scale.deviation;
  trajectory.advantages.resize(steps);
  trajectory.returns.resize(steps);
  double advantage = 0.0;
  double next_value = 0.0;
  for (std::size_t t = steps; t-- > 0;) {
    const double reward =
        -shaping * trajectory.growth[t] / scale.deviation + (t + 1 == steps ? terminal : 0.0);
    const double value = trajectory.values[t];
    advantage = reward + next_value - value + gae_lambda * advantage;
    next_value = value;
    trajectory.advantages[t] = static_cast<float>(advantage);
    trajectory.returns[t] = static_cast<float>(advantage + value);
  }
}

}  // namespace tessera::gnn
