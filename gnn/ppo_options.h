#pragma once

#include <cstdint>

namespace tessera::gnn {

/// Options of proximal policy optimisation (Schulman et al., arXiv:1707.06347) on one block.
struct PpoOptions {
  std::int64_t episodes_per_iteration = 32;  ///< collected in lock step, >= 2
  std::int64_t epochs = 4;                   ///< passes over the collected states, >= 1
  std::int64_t minibatch = 256;              ///< states per update, >= 1
  double learning_rate = 3e-3;               ///< of Adam, > 0
  double clip = 0.2;                         ///< bound of the probability ratio is 1 -+ this, > 0
  double entropy_coefficient = 0.003;        ///< raising it keeps the policy random, >= 0
  double value_coefficient = 0.5;            ///< weight of the value loss, >= 0
  double gae_lambda = 0.95;                  ///< in [0, 1]; lower trusts the value network more
  double max_gradient_norm = 1.0;            ///< gradients are scaled down to it, > 0
  double target_kl = 0.03;  ///< epochs end early beyond 1.5 times this divergence; > 0
  /// Pays each step minus the growth of the wirelength that it causes, clusters and unplaced
  /// macros standing at their prior positions, and takes the sum back at the end: potential-based
  /// shaping (Ng, Harada and Russell, ICML 1999), which leaves the best policy as it is. Times this
  /// factor, >= 0; 0 switches it off, which learned faster (docs/experiments.md).
  double shaping = 0.0;

  /// Throws `netlist_io::OptionError` naming the first field outside its range.
  void validate() const;
};

}  // namespace tessera::gnn
