#pragma once

#include <cstdint>

#include <torch/torch.h>

namespace tessera::gnn {

/// Sums of rows: result[k] = sum of source[i] over all i with index[i] = k. On the CPU an operation
/// of our own, because LibTorch's `index_add` takes microseconds a row there.
///
/// `source`: [N, D] float32; `index`: [N] int64 in [0, `num_rows`); result [num_rows, D].
torch::Tensor row_sum(const torch::Tensor& source,
                      const torch::Tensor& index,
                      std::int64_t num_rows);

}  // namespace tessera::gnn
