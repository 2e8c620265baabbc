#include "gnn/row_sum.h"

namespace tessera::gnn {
namespace {

using torch::Tensor;

class RowSumFunction : public torch::autograd::Function<RowSumFunction> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context,
                        const Tensor& source_in,
                        const Tensor& index,
                        std::int64_t num_rows) {
    const Tensor source = source_in.contiguous();
    const std::int64_t width = source.size(1);
    Tensor sums = torch::zeros({num_rows, width}, source.options());
    const float* from = source.data_ptr<float>();
    const auto* const row = index.data_ptr<std::int64_t>();
    float* const to = sums.data_ptr<float>();
    for (std::int64_t i = 0; i < source.size(0); ++i, from += width) {
      float* const target = to + row[i] * width;
      for (std::int64_t d = 0; d < width; ++d) {
        target[d] += from[d];
      }
    }
    context->save_for_backward({index});
    return sums;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const Tensor index = context->get_saved_variables()[0];
    return {gradients[0].contiguous().index_select(0, index), Tensor(), Tensor()};
  }
};

}  // namespace

Tensor row_sum(const Tensor& source, const Tensor& index, std::int64_t num_rows) {
  TORCH_CHECK(source.dim() == 2 && index.dim() == 1 && index.size(0) == source.size(0),
              "expected [N, D] and [N]");
  if (!source.device().is_cpu() || source.scalar_type() != torch::kFloat32) {
    return torch::zeros({num_rows, source.size(1)}, source.options()).index_add(0, index, source);
  }
  return RowSumFunction::apply(source, index.contiguous(), num_rows);
}

}  // namespace tessera::gnn
