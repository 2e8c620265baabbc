#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/place_flags.h"
#include "gnn/plugin.h"
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
  std::optional<double> time_s;
  std::optional<std::int64_t> iterations;
  double checkpoint_interval_s = 20.0;
  std::int64_t evaluation_interval = 10;
  std::optional<std::string> demonstrations;
  std::size_t best_demonstrations = 1;

  /// `policy_help` says what happens without `--policy`.
  void add_to(CLI::App& command, const std::string& policy_help);

  /// Takes what the user did not say of the environment from the checkpoint that the training
  /// starts from or goes on with, and warns where the user says otherwise. `start`: the checkpoint
  /// to start from, if any.
  void follow_checkpoint(const gnn::Plugin& plugin,
                         const std::optional<std::string>& start,
                         const std::string& output,
                         EnvironmentFlags& environment) const;

  /// With a progress line and metrics beside `output`; without start and improvements.
  gnn::TrainingOptions training_options(const CommonFlags& common,
                                        const EnvironmentFlags& environment,
                                        const std::string& output) const;

 private:
  void warn_of_kept_options() const;

  const CLI::Option* imitation_option_ = nullptr;
  /// Those whose values a training that is resumed keeps.
  std::vector<const CLI::Option*> kept_options_;
};

/// Throws `netlist_io::OptionError` if the path does not end like a checkpoint, and
/// `std::runtime_error` if it cannot be written.
void check_checkpoint_path(const std::string& path);

/// Prints the result, after `head` if in JSON, and returns the exit code.
int report_training(nlohmann::ordered_json head,
                    const gnn::TrainingResult& result,
                    std::span<const gnn::TrainingBlock> judged,
                    const CommonFlags& common);

/// What the JSON of each training begins with; the seed is that in force.
nlohmann::ordered_json training_head(const char* command,
                                     const gnn::TrainingResult& result,
                                     const CommonFlags& common);

}  // namespace tessera::app
