#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "gnn/loaded_network.h"
#include "gnn/plugin.h"

namespace tessera::app {

/// The learning code or LibTorch is not there.
class PluginError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Loads the shared object with the learning code, which lies relative to the executable in the
/// build tree or the install prefix. Throws `PluginError` saying what is missing. Takes a few
/// tenths of a second the first time. Thread-safe.
const gnn::Plugin& load_plugin();

/// The network of a checkpoint: without LibTorch where that is possible, which takes milliseconds,
/// else from the plugin. `device`: cpu or cuda. Throws as `load_plugin` and
/// `gnn::Plugin::load_network` do.
std::unique_ptr<gnn::LoadedNetwork> load_network(const std::string& checkpoint,
                                                 const std::string& device);

/// The checkpoint that ships with Tessera, found in the same way. Throws `PluginError`.
std::filesystem::path bundled_checkpoint();

}  // namespace tessera::app
