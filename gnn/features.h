#pragma once

#include <cstdint>

// What networks see of a state. No header of LibTorch here.

namespace tessera::gnn {

/// Features of the published network: x, y, width, height, is hard macro, is soft macro, is port
/// cluster, is placed. Lengths are fractions of canvas width + height.
inline constexpr std::int64_t kPublishedNodeFeatures = 8;
/// These, is current, logarithm of the sum of edge weights.
inline constexpr std::int64_t kNodeFeatures = kPublishedNodeFeatures + 2;

/// Of the published network: counts, routing tracks, shape of grid and canvas.
inline constexpr std::int64_t kPublishedMetadata = 12;
/// Shares of wirelength, density and congestion in the sum of the weights of the proxy.
inline constexpr std::int64_t kWeightMetadata = 3;
/// Scales of the four maps of changes; the last of the metadata.
inline constexpr std::int64_t kDeltaMetadata = 4;
/// Part of the macros placed, running proxy, these.
inline constexpr std::int64_t kStepMetadata = 2 + kDeltaMetadata;
inline constexpr std::int64_t kMetadataFeatures =
    kPublishedMetadata + kWeightMetadata + kStepMetadata;

}  // namespace tessera::gnn
