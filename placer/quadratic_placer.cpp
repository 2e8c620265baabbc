#include "placer/quadratic_placer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Sparse>

#include "netlist_io/errors.h"
#include "placer/parallel_for.h"

namespace tessera::placer {
namespace {

constexpr std::uint32_t kFixed = std::numeric_limits<std::uint32_t>::max();

/// A point on one axis: at `offset` from its mover, or at `offset` if it is fixed.
struct AxisPoint {
  std::uint32_t mover = kFixed;
  double offset = 0.0;
  double position = 0.0;
};

/// Anchors on one axis.
struct AxisAnchors {
  std::span<const double> position;  ///< empty: none
  double weight = 0.0;
};

/// The system of one axis.
class AxisSystem {
 public:
  AxisSystem(const PointNets& nets, bool horizontal, double centre, const AxisAnchors& anchors)
      : nets_(nets), centre_(centre), anchors_(anchors) {
    points_.reserve(nets.num_points());
    for (std::size_t i = 0; i < nets.movers.size(); ++i) {
      points_.push_back({static_cast<std::uint32_t>(i), 0.0, 0.0});
    }
    for (const PointNets::Attached& attached : nets.attached) {
      const float offset = horizontal ? attached.dx : attached.dy;
      points_.push_back({attached.mover, static_cast<double>(offset), 0.0});
    }
    for (const float position : horizontal ? nets.fixed_x : nets.fixed_y) {
      points_.push_back({kFixed, static_cast<double>(position), static_cast<double>(position)});
    }
  }

  /// Weights of the springs for the centres `x`, then the centres that balance them.
  void solve(double min_distance, double tolerance, std::span<double> x) {
    for (AxisPoint& point : points_) {
      if (point.mover != kFixed) {
        point.position = x[point.mover] + point.offset;
      }
    }
    assemble(min_distance);
    using Matrix = Eigen::SparseMatrix<double, Eigen::RowMajor>;
    const auto size = static_cast<Eigen::Index>(x.size());
    Matrix matrix(size, size);
    matrix.setFromTriplets(entries_.begin(), entries_.end());
    Eigen::ConjugateGradient<Matrix, Eigen::Lower | Eigen::Upper> solver(matrix);
    solver.setTolerance(tolerance);
    solver.setMaxIterations(200);
    Eigen::Map<Eigen::VectorXd> guess(x.data(), size);
    const Eigen::VectorXd solution = solver.solveWithGuess(right_, guess);
    guess = solution;
  }

 private:
  void assemble(double min_distance) {
    const auto size = static_cast<Eigen::Index>(nets_.movers.size());
    entries_.clear();
    right_ = Eigen::VectorXd::Zero(size);
    diagonal_ = Eigen::VectorXd::Zero(size);
    nets_.for_each_net([&](std::span<const std::uint32_t> members, std::size_t net) {
      add_net(members, static_cast<double>(nets_.wire_weight[net]), min_distance);
    });
    for (std::size_t i = 0; i < anchors_.position.size(); ++i) {
      const double anchor = anchors_.position[i];
      const double distance = std::abs(points_[i].position - anchor);
      const AxisPoint fixed{kFixed, anchor, anchor};
      add_end(points_[i], fixed, anchors_.weight / std::max(distance, min_distance));
    }
    // A weak pull to the centre makes the matrix regular.
    const double pull = 1e-6 * std::max(diagonal_.mean(), 1e-6);
    for (Eigen::Index i = 0; i < size; ++i) {
      entries_.emplace_back(i, i, diagonal_[i] + pull);
      right_[i] += pull * centre_;
    }
  }

  void add_net(std::span<const std::uint32_t> members, double weight, double min_distance) {
    std::uint32_t low = members.front();
    std::uint32_t high = members.back();
    for (const std::uint32_t member : members) {
      low = points_[member].position < points_[low].position ? member : low;
      high = points_[member].position > points_[high].position ? member : high;
    }
    if (low == high) {  // all at one place
      low = members.front();
      high = members.back();
    }
    const double scale = weight / static_cast<double>(members.size() - 1);
    add_spring(low, high, scale, min_distance);
    for (const std::uint32_t member : members) {
      if (member != low && member != high) {
        add_spring(member, low, scale, min_distance);
        add_spring(member, high, scale, min_distance);
      }
    }
  }

  void add_spring(std::uint32_t a, std::uint32_t b, double scale, double min_distance) {
    const AxisPoint& first = points_[a];
    const AxisPoint& second = points_[b];
    if (first.mover == second.mover) {
      return;
    }
    const double distance = std::abs(first.position - second.position);
    const double stiffness = scale / std::max(distance, min_distance);
    add_end(first, second, stiffness);
    add_end(second, first, stiffness);
  }

  void add_end(const AxisPoint& own, const AxisPoint& other, double stiffness) {
    if (own.mover == kFixed) {
      return;
    }
    diagonal_[own.mover] += stiffness;
    right_[own.mover] += stiffness * (other.offset - own.offset);
    if (other.mover != kFixed) {
      entries_.emplace_back(own.mover, other.mover, -stiffness);
    }
  }

  const PointNets& nets_;
  double centre_;
  AxisAnchors anchors_;
  std::vector<AxisPoint> points_;
  std::vector<Eigen::Triplet<double>> entries_;
  Eigen::VectorXd right_;
  Eigen::VectorXd diagonal_;
};

void place_axis(const PointNets& nets,
                bool horizontal,
                int cells,
                const QuadraticPlacerOptions& options,
                const AxisAnchors& anchors,
                std::span<double> x) {
  AxisSystem system(nets, horizontal, 0.5 * cells, anchors);
  // The first weights come from a guess: far pins should not hang on thin threads yet.
  double min_distance = anchors.position.empty() ? std::max(options.min_distance, 0.25 * cells)
                                                 : options.min_distance;
  for (int round = 0; round < options.rounds; ++round) {
    system.solve(min_distance, options.tolerance, x);
    for (double& position : x) {
      position = std::clamp(position, 0.0, static_cast<double>(cells));
    }
    min_distance = std::max(options.min_distance, 0.25 * min_distance);
  }
}

}  // namespace

void QuadraticPlacerOptions::validate() const {
  const auto require = [](bool valid, const char* name, double value, const char* range) {
    if (!valid) {
      throw netlist_io::OptionError(std::string(name) + " is " + std::to_string(value) +
                                    ", expected " + range);
    }
  };
  require(rounds >= 1, "rounds", rounds, ">= 1");
  require(tolerance > 0.0, "tolerance", tolerance, "> 0");
  require(min_distance > 0.0, "min_distance", min_distance, "> 0");
  require(threads >= 1, "threads", threads, ">= 1");
}

void place_quadratically(const PointNets& nets,
                         netlist_io::GridShape grid,
                         const QuadraticPlacerOptions& options,
                         std::span<double> x,
                         std::span<double> y,
                         const std::optional<QuadraticAnchors>& anchors) {
  options.validate();
  if (x.empty()) {
    return;
  }
  const QuadraticAnchors pull = anchors.value_or(QuadraticAnchors{});
  parallel_for(2, options.threads, [&](std::size_t axis) {
    if (axis == 0) {
      place_axis(nets, true, grid.cols, options, {pull.x, pull.weight}, x);
    } else {
      place_axis(nets, false, grid.rows, options, {pull.y, pull.weight}, y);
    }
  });
}

}  // namespace tessera::placer
