#include <torch/torch.h>

namespace {

// One thread inside LibTorch for all cases, as in training, where states are spread over the
// threads; otherwise the times of cases would depend on which ran before.
[[maybe_unused]] const bool g_one_thread = (torch::set_num_threads(1), true);

}  // namespace
