#include "placer/flat/nesterov.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "placer/parallel_for.h"

namespace tessera::placer {
namespace {

/// Parts of a vector that are worked on, and summed, apart.
constexpr std::size_t kParts = 64;
/// A step whose length turns out to be longer than this part of what the new gradient allows is
/// accepted; a longer one is taken back, so many times at most.
constexpr double kAccept = 0.95;
constexpr int kMaxBacktracks = 3;

template <typename Work>
void for_parts(std::size_t size, int threads, Work work) {
  parallel_for(kParts, threads, [&](std::size_t part) {
    work(part, size * part / kParts, size * (part + 1) / kParts);
  });
}

}  // namespace

Nesterov::Nesterov(
    std::vector<float> start, double first_move, Gradient gradient, Project project, int threads)
    : gradient_function_(std::move(gradient)),
      project_(std::move(project)),
      first_move_(first_move),
      threads_(threads),
      solution_(std::move(start)),
      reference_(solution_),
      gradient_(solution_.size()),
      next_solution_(solution_.size()),
      next_reference_(solution_.size()),
      next_gradient_(solution_.size()) {
  gradient_function_(reference_, gradient_);
}

double Nesterov::distance(std::span<const float> a, std::span<const float> b) const {
  std::vector<double> sums(kParts);
  for_parts(a.size(), threads_, [&](std::size_t part, std::size_t begin, std::size_t end) {
    double sum = 0.0;
    for (std::size_t i = begin; i < end; ++i) {
      const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
      sum += difference * difference;
    }
    sums[part] = sum;
  });
  double total = 0.0;
  for (const double sum : sums) {
    total += sum;
  }
  return std::sqrt(total);
}

void Nesterov::find_first_length() {
  float most = 0.0F;
  for (const float slope : gradient_) {
    most = std::max(most, std::abs(slope));
  }
  if (!(most > 0.0F)) {
    return;
  }
  const auto trial = static_cast<float>(first_move_) / most;
  for (std::size_t i = 0; i < reference_.size(); ++i) {
    next_reference_[i] = reference_[i] - trial * gradient_[i];
  }
  project_(next_reference_);
  gradient_function_(next_reference_, next_gradient_);
  const double change = distance(next_gradient_, gradient_);
  length_ = change > 0.0 ? distance(next_reference_, reference_) / change : 0.0;
}

void Nesterov::step(double max_length) {
  if (length_ <= 0.0) {
    find_first_length();
  }
  length_ = std::min(length_, max_length);
  const double next_momentum = 0.5 * (1.0 + std::sqrt(4.0 * momentum_ * momentum_ + 1.0));
  const auto lead = static_cast<float>((momentum_ - 1.0) / next_momentum);
  for (int backtracks = 0;; ++backtracks) {
    const auto length = static_cast<float>(length_);
    for_parts(solution_.size(), threads_, [&](std::size_t, std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        next_solution_[i] = reference_[i] - length * gradient_[i];
      }
    });
    project_(next_solution_);
    for_parts(solution_.size(), threads_, [&](std::size_t, std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        next_reference_[i] = next_solution_[i] + lead * (next_solution_[i] - solution_[i]);
      }
    });
    project_(next_reference_);
    gradient_function_(next_reference_, next_gradient_);
    const double change = distance(next_gradient_, gradient_);
    if (!(change > 0.0)) {
      break;
    }
    const double allowed = distance(next_reference_, reference_) / change;
    const bool accepted = length_ * kAccept <= allowed || backtracks == kMaxBacktracks;
    length_ = std::min(allowed, max_length);
    if (accepted) {
      break;
    }
  }
  momentum_ = next_momentum;
  std::swap(solution_, next_solution_);
  std::swap(reference_, next_reference_);
  std::swap(gradient_, next_gradient_);
}

}  // namespace tessera::placer
