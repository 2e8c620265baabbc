#pragma once

#include <cstdint>

namespace tessera::gnn {

/// Options of learning: proximal policy optimisation (Schulman et al., arXiv:1707.06347) and,
/// before it where there are demonstrations, imitation.
struct PpoOptions {
  std::int64_t episodes_per_iteration = 16;  ///< collected in lock step, >= 2
  std::int64_t blocks_per_iteration = 4;     ///< that share these episodes, >= 1
  std::int64_t epochs = 3;                   ///< passes over the collected states, >= 1
  std::int64_t minibatch = 256;              ///< states per update, >= 1
  double learning_rate = 4e-3;               ///< of Adam, > 0
  double final_learning_rate = 0.1;    ///< what is left of it at the end, as a factor; in [0, 1]
  std::int64_t warmup_iterations = 3;  ///< over which the rate grows to its full value, >= 0
  double clip = 0.2;                   ///< bound of the probability ratio is 1 -+ this, > 0
  double value_clip = 0.0;             ///< bound of the change of a value by an update; 0: none
  double entropy_coefficient = 0.0;    ///< raising it keeps the policy random, >= 0
  double final_entropy = 0.1;          ///< what is left of it at the end, as a factor, >= 0
  /// Mean entropy of the policy, nats, below which the coefficient grows, the more the further
  /// below: a policy that is sure of everything plays the same episode again and again and learns
  /// nothing from it. >= 0; 0: none.
  double entropy_floor = 0.3;
  double value_coefficient = 0.5;  ///< weight of the value loss, >= 0
  /// In [0, 1]; lower trusts the value network more. The reward comes at the end, and below 1 what
  /// it says of a step fades with the number of steps between: .95 leaves 4 % of it after 64.
  double gae_lambda = 1.0;
  /// Centres and scales advantages among the episodes of each block, so that blocks whose returns
  /// the value network misjudges, or whose episodes differ more, do not drown the others.
  bool block_advantages = false;
  double max_gradient_norm = 1.0;  ///< gradients are scaled down to it, > 0
  double target_kl = 0.03;         ///< epochs end early beyond 1.5 times this divergence; > 0
  /// Training on one block, as it is and not from eight sides, an update is undone if the mean
  /// proxy of the next iteration's episodes is higher, by more than this part of it, than that of
  /// the last five: a policy that is almost sure of everything plays nearly the same episode
  /// sixteen times, takes chance for merit, and forgets in one step what it needs a hundred to
  /// learn again. >= 0; 0: never.
  double undo_above = 0.015;
  /// What is judged and kept are means of the weights over the iterations, older ones counting this
  /// much less by iteration (Polyak averaging); in [0, 1). 0: the last weights as they are.
  double weight_average = 0.0;
  /// Pays each step minus the growth of the proxy that it causes, clusters and unplaced macros
  /// standing at their prior positions, and takes the sum back at the end: potential-based shaping
  /// (Ng, Harada and Russell, ICML 1999), which leaves the best policy as it is. Times this factor,
  /// >= 0; 0 switches it off.
  double shaping = 0.0;
  /// Share of the episodes that start from a prefix of the block's best episode so far (after
  /// Geng et al., EfficientPlace, ICML 2024); in [0, 1].
  double restarts = 0.0;

  std::int64_t imitation_iterations = 0;  ///< at the start, if there is something to imitate; >= 0
  std::int64_t imitation_epochs = 2;      ///< passes over the states of each of these, >= 1
  double imitation_rate = 1.0;            ///< factor of the learning rate meanwhile, > 0
  double follow = 0.8;  ///< least share of steps that take the teacher's cell; in [0, 1]
  /// The best episode of a block so far is imitated wherever its proxy is below that of all
  /// demonstrations: expert iteration, whose search is the policy with its slips.
  bool expert_iteration = false;
  double smoothing = 0.6;  ///< cells that blur a demonstrated one, >= 0.001; 0: not at all

  /// Throws `netlist_io::OptionError` naming the first field outside its range. Nothing may be
  /// beyond 1e9, no factor beyond 1e6, no number of episodes beyond 100,000.
  void validate() const;
};

}  // namespace tessera::gnn
