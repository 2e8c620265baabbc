#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "gnn/loaded_network.h"
#include "gnn/training.h"

// The learning code as the command line sees it. It lies in a shared object that is loaded only by
// the commands that need it, because LibTorch takes a few tenths of a second to load. No header of
// LibTorch here.

namespace tessera::gnn {

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
