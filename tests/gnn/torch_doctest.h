#pragma once

#include <torch/torch.h>

// LibTorch may bring glog, whose macros have the names of doctest's.
#undef CHECK
#undef CHECK_EQ
#undef CHECK_NE
#undef CHECK_LT
#undef CHECK_LE
#undef CHECK_GT
#undef CHECK_GE
#undef CHECK_MESSAGE
#undef INFO
#undef WARN

#include <doctest/doctest.h>

namespace tessera::testing {

/// Largest absolute difference of two tensors of one shape.
inline double max_difference(const torch::Tensor& left, const torch::Tensor& right) {
  REQUIRE(left.sizes() == right.sizes());
  return left.numel() == 0 ? 0.0 : (left - right).abs().max().item<double>();
}

}  // namespace tessera::testing
