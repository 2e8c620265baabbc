#pragma once

#include <cstddef>
#include <span>

namespace tessera::cost {

/// Mean of the `count` largest of `values`, 1 <= count <= size. Reorders `values`.
double top_mean(std::span<double> values, std::size_t count);

}  // namespace tessera::cost
