#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace tessera::placer {

/// Nesterov's accelerated gradient descent with a step length taken from how fast the gradient
/// changes (ePlace, section 5: the inverse of a local Lipschitz constant, with backtracking).
class Nesterov {
 public:
  /// Writes the gradient at a point; both have the length of the start.
  using Gradient = std::function<void(std::span<const float> point, std::span<float> gradient)>;
  /// Moves a point into the allowed region.
  using Project = std::function<void(std::span<float> point)>;

  /// `first_move`: the greatest change of a coordinate by the trial step that finds the first step
  /// length, > 0. `threads` >= 1 changes no result.
  Nesterov(
      std::vector<float> start, double first_move, Gradient gradient, Project project, int threads);

  /// One step; the gradient is taken once, or more often where the step length was too long. The
  /// change of the gradient tells of the coordinates together: `max_length` keeps the stiffest ones
  /// stable that the others outvote.
  void step(double max_length);

  /// The major solution. The gradient was last asked for at `reference`, which leads it.
  std::span<const float> solution() const { return solution_; }
  std::span<const float> reference() const { return reference_; }

 private:
  double distance(std::span<const float> a, std::span<const float> b) const;
  void find_first_length();

  Gradient gradient_function_;
  Project project_;
  double first_move_;
  int threads_;
  double momentum_ = 1.0;  ///< a_k of the paper
  double length_ = 0.0;    ///< step length; 0: unknown
  std::vector<float> solution_;
  std::vector<float> reference_;
  std::vector<float> gradient_;
  std::vector<float> next_solution_;
  std::vector<float> next_reference_;
  std::vector<float> next_gradient_;
};

}  // namespace tessera::placer
