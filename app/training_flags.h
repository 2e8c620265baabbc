#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "gnn/training.h"

namespace tessera::app {

/// Flags that learning has wherever it happens.
struct TrainingFlags {
  gnn::PpoOptions ppo;
  gnn::ModelConfig model;
  std::optional<std::string> policy;
  bool from_scratch = false;
  bool resume = false;
  std::string device = "cpu";
  double time_s = 900.0;
  std::optional<std::int64_t> iterations;
  double checkpoint_interval_s = 20.0;
  std::int64_t evaluation_interval = 10;
  std::optional<std::string> demonstrations;

  /// `policy_help` says what happens without `--policy`.
  void add_to(CLI::App& command, const std::string& policy_help);

  /// Without start, progress and improvements.
  gnn::TrainingOptions training_options(const CommonFlags& common, std::string output) const;
};

/// The fields of a result that all commands report.
nlohmann::ordered_json to_json(const gnn::TrainingResult& result);

/// The line that says the same to people.
void print_result(const gnn::TrainingResult& result);

}  // namespace tessera::app
