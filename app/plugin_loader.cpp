#include "app/plugin_loader.h"

#include <initializer_list>
#include <system_error>

#include <dlfcn.h>

namespace tessera::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPluginFile = "libtessera_gnn_plugin.so";
constexpr const char* kCheckpointFile = "default.safetensors";

/// The first of `candidates`, relative to the executable's folder, that exists.
fs::path find_beside_executable(const char* what, std::initializer_list<fs::path> candidates) {
  const fs::path folder = fs::read_symlink("/proc/self/exe").parent_path();
  for (const fs::path& candidate : candidates) {
    std::error_code ignored;
    fs::path path = fs::weakly_canonical(folder / candidate, ignored);
    if (fs::exists(path, ignored)) {
      return path;
    }
  }
  throw PluginError(std::string(what) + " is not there: no " + candidates.begin()->string() +
                    " relative to " + folder.string());
}

const gnn::Plugin* open_plugin() {
  const fs::path path = find_beside_executable(
      "the learning code (built with LibTorch)",
      {fs::path("../lib") / kPluginFile, fs::path("../lib/tessera") / kPluginFile});
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    throw PluginError("the learning code cannot be loaded: " + std::string(dlerror()));
  }
  void* const symbol = dlsym(handle, gnn::kPluginSymbol);
  if (symbol == nullptr) {
    throw PluginError(path.string() + " is not the learning code of Tessera");
  }
  return reinterpret_cast<gnn::PluginFunction*>(symbol)();
}

}  // namespace

const gnn::Plugin& load_plugin() {
  static const gnn::Plugin* const plugin = open_plugin();
  return *plugin;
}

std::unique_ptr<gnn::LoadedNetwork> load_network(const std::string& checkpoint,
                                                 const std::string& device) {
  if (device == "cpu") {
    if (auto network = gnn::load_inference_network(checkpoint)) {
      return network;
    }
  }
  return load_plugin().load_network(checkpoint, device);
}

fs::path bundled_checkpoint() {
  // From build/bin, from build/PRESET/bin, from an install prefix.
  return find_beside_executable("the bundled checkpoint",
                                {fs::path("../share/tessera/checkpoints") / kCheckpointFile,
                                 fs::path("../../data/checkpoints") / kCheckpointFile,
                                 fs::path("../../../data/checkpoints") / kCheckpointFile});
}

}  // namespace tessera::app
