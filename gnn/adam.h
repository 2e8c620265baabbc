#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "gnn/checkpoint.h"

namespace tessera::gnn {

/// Adam (Kingma and Ba, arXiv:1412.6980) with a state that goes into our checkpoints: the layout
/// and the keys of LibTorch's own optimiser state differ between its versions 1 and 2.
class Adam {
 public:
  /// Optimises the parameters of `module`, which must outlive it.
  explicit Adam(torch::nn::Module& module);

  void zero_gradients();

  /// Scales the gradients down to a joint norm of at most `max_norm`; returns the norm before.
  double clip_gradients(double max_norm);

  /// One update with the gradients of the parameters.
  void step(double learning_rate);

  /// Adds the state under "adam/...".
  void store(Checkpoint& checkpoint) const;
  /// Throws `netlist_io::ParseError` if the state is not there or does not fit.
  void load(const Checkpoint& checkpoint, const std::string& path);

 private:
  struct Slot {
    std::string name;
    torch::Tensor parameter;
    torch::Tensor mean;
    torch::Tensor square;
  };

  std::vector<Slot> slots_;
  std::int64_t steps_ = 0;
};

}  // namespace tessera::gnn
