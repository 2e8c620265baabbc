#pragma once

#include <cstdint>
#include <map>
#include <string>

// No header of LibTorch here.

namespace tessera::gnn {

/// Names of the networks.
inline constexpr const char* kCanvasModel = "canvas";
inline constexpr const char* kCircuitTrainingModel = "circuit-training";

/// Names of the metadata of our checkpoints.
inline constexpr const char* kFormatKey = "tessera_format";
inline constexpr const char* kModelKey = "model";
inline constexpr const char* kModelConfigKey = "model_config";
/// `TrainingOptions::environment`; absent if that was not said.
inline constexpr const char* kEnvironmentKey = "environment";

/// Version of the tensors and metadata; raised when older programs cannot read them.
inline constexpr const char* kFormatVersion = "1";

/// Prefix of the names of a network's parameters in a checkpoint.
inline constexpr const char* kModelPrefix = "model/";

/// Channels inside the canvas network that no option changes.
inline constexpr std::int64_t kMetadataWidth = 16;
inline constexpr std::int64_t kValueWidth = 32;

/// Which network, and its shape. All but the name is of the canvas network alone.
struct ModelConfig {
  std::string name = kCanvasModel;
  std::int64_t graph_width = 16;   ///< of vertex embeddings and messages; 8, 16 and 32 are fast
  std::int64_t graph_layers = 3;   ///< rounds of messages, >= 1
  std::int64_t canvas_width = 16;  ///< channels of the convolutions, >= 1
  std::int64_t canvas_layers = 3;  ///< residual convolutions, >= 0
  std::int64_t scatter_width = 8;  ///< channels of vertices drawn at their places; 0: none
  bool delta_maps = true;          ///< whether the network sees the maps of changes

  /// Throws `netlist_io::OptionError` naming the first field outside its range.
  void validate() const;
};

/// Says format, network and shape in the metadata of a checkpoint.
void write_model_config(const ModelConfig& config, std::map<std::string, std::string>& metadata);

/// The inverse. Throws `netlist_io::ParseError` (with `path`) if the checkpoint is of another
/// format version, or of no model that we know.
ModelConfig read_model_config(const std::map<std::string, std::string>& metadata,
                              const std::string& path);

}  // namespace tessera::gnn
