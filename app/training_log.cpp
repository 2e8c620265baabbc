#include "app/training_log.h"

#include <cstdint>
#include <filesystem>
#include <limits>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/progress_log.h"
#include "netlist_io/file.h"

namespace tessera::app {
namespace {

using nlohmann::ordered_json;

/// Memory of this process that is in RAM now; 0 if the system does not tell.
double resident_mb() {
  std::ifstream file("/proc/self/statm");
  std::int64_t total_pages = 0;
  std::int64_t resident_pages = 0;
  file >> total_pages >> resident_pages;
  return static_cast<double>(resident_pages) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

ordered_json to_json(const gnn::IterationInfo& info) {
  const auto per_second = [](std::int64_t count, double seconds) {
    return seconds > 0.0 ? static_cast<double>(count) / seconds : 0.0;
  };
  ordered_json entry = {{"iteration", info.iteration},
                        {"phase", info.imitation ? "imitation" : "ppo"},
                        {"undone", info.undone},
                        {"elapsed_s", info.elapsed_s},
                        {"episodes", info.episodes},
                        {"mean_proxy", info.mean_proxy},
                        {"std_proxy", info.std_proxy},
                        {"min_proxy", info.min_proxy},
                        {"best_proxy", info.best_proxy},
                        {"mean_wirelength", info.mean_cost.wirelength},
                        {"mean_density", info.mean_cost.density},
                        {"mean_congestion", info.mean_cost.congestion},
                        {"policy_loss", info.policy_loss},
                        {"value_loss", info.value_loss},
                        {"entropy", info.entropy},
                        {"kl", info.kl},
                        {"clip_fraction", info.clip_fraction},
                        {"explained_variance", info.explained_variance},
                        {"gradient_norm", info.gradient_norm},
                        {"learning_rate", info.learning_rate},
                        {"rollout_s", info.rollout_s},
                        {"update_s", info.update_s},
                        {"rollout_states_per_s", per_second(info.rollout_states, info.rollout_s)},
                        {"update_states_per_s", per_second(info.update_states, info.update_s)},
                        {"resident_mb", resident_mb()}};
  if (info.undone) {
    for (const char* const of_update : {"policy_loss",
                                        "value_loss",
                                        "entropy",
                                        "kl",
                                        "clip_fraction",
                                        "gradient_norm",
                                        "learning_rate",
                                        "update_states_per_s"}) {
      entry.erase(of_update);
    }
  }
  if (info.score) {
    entry["score"] = *info.score;
    entry["judged_proxies"] = info.judged_proxies;
  }
  return entry;
}

}  // namespace

MetricsLog::MetricsLog(const std::string& checkpoint)
    : path_(std::filesystem::path(checkpoint).replace_extension(".metrics.jsonl").string()) {}

void MetricsLog::add(const gnn::IterationInfo& info) {
  if (!file_.is_open()) {
    keep_before(info.iteration);
    file_.open(path_, std::ios::app);
  }
  file_ << to_json(info).dump() << std::endl;  // flushed: it is read while the training runs
}

void MetricsLog::keep_before(std::int64_t iteration) const {
  std::ifstream old(path_);
  std::string kept;
  for (std::string text; std::getline(old, text);) {
    const ordered_json entry = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (entry.is_object() && entry.contains("iteration") && entry["iteration"].is_number() &&
        entry["iteration"].get<double>() < static_cast<double>(iteration)) {
      kept += text + "\n";
    }
  }
  netlist_io::write_file_atomic(path_, kept);
}

void TrainingProgress::operator()(const gnn::IterationInfo& info) {
  ordered_json event = to_json(info);
  const double left = left_s(info);
  event["left_s"] = left;
  log_event("iteration", event);
  constexpr std::int64_t kHeadingEvery = 20;
  if (num_told_++ % kHeadingEvery == 0) {
    log_line(
        "     time     iter episodes      mean      std       min      best  entropy      kl      "
        "ev"
        "   clip   score  left");
  }
  char score[16] = "";
  if (info.score) {
    std::snprintf(score, sizeof score, "%.4f", *info.score);
  } else if (info.undone) {
    std::snprintf(score, sizeof score, "undone");
  }
  char text[192];
  std::snprintf(text,
                sizeof text,
                "%7.1f s %7lld %8lld %9.5f %8.5f %9.5f %9.5f %8.4f %7.4f %7.3f %6.3f %7s  ",
                info.elapsed_s,
                static_cast<long long>(info.iteration),
                static_cast<long long>(info.episodes),
                info.mean_proxy,
                info.std_proxy,
                info.min_proxy,
                info.best_proxy,
                info.entropy,
                info.kl,
                info.explained_variance,
                info.clip_fraction,
                score);
  log_line(text + duration_text(left));
}

double TrainingProgress::left_s(const gnn::IterationInfo& info) {
  if (!first_) {
    // A training that resumes has the time and the iterations of its earlier parts.
    first_ = {info.elapsed_s - info.rollout_s - info.update_s, info.iteration - 1};
  }
  double left = std::numeric_limits<double>::infinity();
  if (info.time_limit_s) {
    left = std::max(*info.time_limit_s - info.elapsed_s, 0.0);
  }
  if (info.most_iterations) {
    const double pace_s =
        (info.elapsed_s - first_->time_s) /
        static_cast<double>(std::max<std::int64_t>(info.iteration - first_->iteration, 1));
    const double by_iterations = pace_s * static_cast<double>(std::max<std::int64_t>(
                                              *info.most_iterations - info.iteration, 0));
    left = std::min(left, by_iterations);
  }
  return left;
}

}  // namespace tessera::app
