#pragma once

#include <cstdint>
#include <string>

// No header of LibTorch here: the command line includes this file.

namespace tessera::gnn {

/// Names of the networks.
inline constexpr const char* kCanvasModel = "canvas";
inline constexpr const char* kCircuitTrainingModel = "circuit-training";

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

}  // namespace tessera::gnn
