#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "gnn/training.h"
#include "placer/macro_problem.h"
#include "placer/policy.h"

// The learning code as the command line sees it. It lies in a shared object that is loaded only by
// the commands that need it, because LibTorch takes a few tenths of a second to load. No header of
// LibTorch here.

namespace tessera::gnn {

/// The weights of a checkpoint, ready for any block.
class LoadedNetwork {
 public:
  LoadedNetwork() = default;
  LoadedNetwork(const LoadedNetwork&) = delete;
  LoadedNetwork& operator=(const LoadedNetwork&) = delete;
  virtual ~LoadedNetwork() = default;

  /// `TrainingOptions::environment` of the training; empty if the checkpoint does not say.
  virtual std::string environment() const = 0;

  /// `problem` must outlive the policy; the network may go before it.
  virtual std::unique_ptr<placer::Policy> policy_for(const placer::MacroProblem& problem) const = 0;
};

class Plugin {
 public:
  Plugin() = default;
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  virtual ~Plugin() = default;

  /// Reads a checkpoint; `device`: cpu or cuda. Throws `netlist_io::ParseError`, and
  /// `netlist_io::OptionError` for a device that is not there.
  virtual std::unique_ptr<LoadedNetwork> load_network(const std::string& checkpoint,
                                                      const std::string& device) const = 0;

  /// See `gnn::train`.
  virtual TrainingResult train(std::span<const TrainingBlock> blocks,
                               std::span<const TrainingBlock> judged,
                               const TrainingOptions& options) const = 0;

  /// Version of LibTorch.
  virtual std::string torch_version() const = 0;
};

/// Name and type of the only symbol of the shared object.
inline constexpr const char* kPluginSymbol = "tessera_gnn_plugin";
using PluginFunction = const Plugin*();

}  // namespace tessera::gnn
