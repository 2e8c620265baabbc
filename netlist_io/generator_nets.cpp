// Nets with Rent-like locality. The distance between the ends of a connection is drawn from the
// asymptotic form of J. A. Davis, V. K. De, J. D. Meindl, "A stochastic wire-length distribution
// for gigascale integration (GSI), part I", IEEE Transactions on Electron Devices 45(3), 1998: for
// Rent exponent p the number of connections of length l falls like l^(2p - 4) per pair of sites,
// and the number of sites at distance l grows like l, hence a density proportional to l^(2p - 3).
//
// Differences from the paper: lengths are Euclidean, and end points outside the square are
// mirrored back into it.

#include "netlist_io/generator_nets.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <optional>

#include "netlist_io/rng.h"

namespace tessera::netlist_io::generator {
namespace {

constexpr std::size_t kBusChunk = 8;       ///< neighbouring bits of a bus go to the same cluster
constexpr std::size_t kBroadcast = 8;      ///< macros that share one address net
constexpr std::size_t kSharedDataMin = 4;  ///< banks this large drive data inputs in pairs
constexpr int kTriesPerSink = 8;           ///< local draws before a net stays smaller than drawn
constexpr int kTriesPerNet = 50;           ///< drawn nets per net wanted before giving up
// Shares of macro outputs and input ports with a second and with a third sink; tuned to the 1.57
// sinks per macro output and 1.1 per port of ng45_ariane133.
constexpr double kSecondSinkOfMacro = 0.35;
constexpr double kThirdSinkOfMacro = 0.22;
constexpr double kSecondSinkOfPort = 0.1;
constexpr double kThirdSinkOfPort = 0.0;

double mirrored(double value) {
  value = std::abs(value);
  value = std::fmod(value, 2.0);
  return value > 1.0 ? 2.0 - value : value;
}

/// Finds the cluster nearest to a point.
class ClusterMap {
 public:
  explicit ClusterMap(const std::vector<HiddenPoint>& points)
      : points_(points),
        side_(static_cast<int>(std::ceil(std::sqrt(static_cast<double>(points.size()))))),
        buckets_(static_cast<std::size_t>(side_) * static_cast<std::size_t>(side_)) {
    for (std::size_t i = 0; i < points.size(); ++i) {
      buckets_[bucket(cell(points[i].x), cell(points[i].y))].push_back(i);
    }
  }

  std::size_t nearest(HiddenPoint at) const {
    Best best;
    for (int ring = 0; ring <= side_; ++ring) {
      visit_ring(at, ring, best);
      // Everything in further rings is at least `ring` cells away.
      if (best.distance <= static_cast<double>(ring) / side_) {
        break;
      }
    }
    return best.index;
  }

 private:
  struct Best {
    std::size_t index = 0;
    double distance = std::numeric_limits<double>::infinity();
  };

  int cell(double coordinate) const {
    return std::clamp(static_cast<int>(coordinate * side_), 0, side_ - 1);
  }

  std::size_t bucket(int col, int row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(side_) +
           static_cast<std::size_t>(col);
  }

  void visit_ring(HiddenPoint at, int ring, Best& best) const {
    const int col = cell(at.x);
    const int row = cell(at.y);
    for (int r = std::max(0, row - ring); r <= std::min(side_ - 1, row + ring); ++r) {
      for (int c = std::max(0, col - ring); c <= std::min(side_ - 1, col + ring); ++c) {
        if (std::max(std::abs(r - row), std::abs(c - col)) == ring) {
          visit_bucket(at, bucket(c, r), best);
        }
      }
    }
  }

  void visit_bucket(HiddenPoint at, std::size_t index, Best& best) const {
    for (const std::size_t i : buckets_[index]) {
      const double distance = std::hypot(points_[i].x - at.x, points_[i].y - at.y);
      if (distance < best.distance) {
        best = {i, distance};
      }
    }
  }

  const std::vector<HiddenPoint>& points_;
  int side_;
  std::vector<std::vector<std::size_t>> buckets_;
};

/// Draws connections and collects the nets.
class NetBuilder {
 public:
  NetBuilder(const GeneratorOptions& options,
             const MacroLibrary& library,
             const std::vector<PortPlan>& ports,
             const std::vector<HiddenPoint>& clusters,
             const std::vector<double>& areas)
      : options_(options.clusters),
        library_(library),
        ports_(ports),
        clusters_(clusters),
        map_(clusters),
        rng_(Rng::derive(options.seed, "generator.nets")) {
    nets_.ports.resize(ports.size());
    nets_.macro_pins.resize(library.master_of.size());
    nets_.clusters.resize(clusters.size());
    for (std::size_t macro = 0; macro < library.master_of.size(); ++macro) {
      nets_.macro_pins[macro].resize(library.master(macro).pins.size());
    }
    // By Rent's rule a cluster's terminals grow with its size to the Rent exponent.
    for (const double area : areas) {
      source_sum_.push_back((source_sum_.empty() ? 0.0 : source_sum_.back()) +
                            std::pow(area, options_.rent_exponent));
    }
  }

  CircuitNets run() {
    connect_ports();
    for (const Bank& bank : library_.banks) {
      connect_bank(bank);
    }
    add_multi_nets();
    add_single_nets();
    return std::move(nets_);
  }

 private:
  /// A cluster about as far from `from` as a connection is long.
  std::size_t near(HiddenPoint from) {
    const double exponent = 2.0 * options_.rent_exponent - 2.0;  // of the integrated density
    const double shortest =
        std::pow(1.0 / std::sqrt(static_cast<double>(clusters_.size())), exponent);
    const double length = std::pow(shortest + rng_.uniform() * (1.0 - shortest), 1.0 / exponent);
    const double angle = 2.0 * std::numbers::pi * rng_.uniform();
    return map_.nearest(
        {mirrored(from.x + length * std::cos(angle)), mirrored(from.y + length * std::sin(angle))});
  }

  std::size_t draw_source() {
    const double at = rng_.uniform() * source_sum_.back();
    const auto found = std::upper_bound(source_sum_.begin(), source_sum_.end(), at);
    return std::min(static_cast<std::size_t>(found - source_sum_.begin()), clusters_.size() - 1);
  }

  /// Two plus a geometric number, with the mean of the options.
  std::size_t draw_sinks() {
    const double excess = options_.mean_sinks - 2.0;
    if (excess <= 0.0) {
      return 2;
    }
    const double number = std::log(1.0 - rng_.uniform()) / std::log(excess / (1.0 + excess));
    return static_cast<std::size_t>(
        std::min(2.0 + std::floor(number), static_cast<double>(options_.max_sinks)));
  }

  double draw_weight() {
    const double weight = std::floor(std::pow(1.0 - rng_.uniform(), -1.0 / options_.weight_tail));
    return std::min(weight, static_cast<double>(options_.max_weight));
  }

  /// Adds a net to what a cluster drives: with one sink it is merged with what goes there already.
  void drive(std::size_t cluster, NetSinks sinks) {
    if (sinks.size() >= 2) {
      nets_.clusters[cluster].multi.push_back(std::move(sinks));
      ++num_multi_;
    } else if (sinks.size() == 1) {
      const bool added = nets_.clusters[cluster].single.try_emplace(sinks.front(), 1.0).second;
      num_single_ += added ? 1 : 0;
    }
  }

  /// One to three distinct clusters: `first` and others near it.
  NetSinks fan_out(std::size_t first, double share_of_second, double share_of_third) {
    const double u = rng_.uniform();
    const std::size_t count = 1U + (u < share_of_second ? 1U : 0U) + (u < share_of_third ? 1U : 0U);
    NetSinks sinks = {{EndKind::kCluster, first}};
    add_clusters(sinks, clusters_[first], count, std::nullopt);
    return sinks;
  }

  /// Adds clusters near `from` until there are `count` sinks or the draws run out.
  void add_clusters(NetSinks& sinks,
                    HiddenPoint from,
                    std::size_t count,
                    std::optional<std::size_t> driver) {
    for (std::size_t tries = 0; sinks.size() < count && tries < kTriesPerSink * count; ++tries) {
      const std::size_t cluster = near(from);
      const NetEnd end{EndKind::kCluster, cluster};
      if (cluster != driver && std::find(sinks.begin(), sinks.end(), end) == sinks.end()) {
        sinks.push_back(end);
      }
    }
  }

  void connect_ports() {
    std::size_t cluster = 0;
    std::size_t bit = 0;
    for (std::size_t p = 0; p < ports_.size(); ++p) {
      bit = p > 0 && ports_[p].bus == ports_[p - 1].bus ? bit + 1 : 0;
      if (bit % kBusChunk == 0) {
        cluster = near(location_of(ports_[p]));
      }
      if (ports_[p].is_input) {
        nets_.ports[p] = fan_out(cluster, kSecondSinkOfPort, kThirdSinkOfPort);
      } else {
        drive(cluster, {{EndKind::kPort, p}});
      }
    }
  }

  void connect_bank(const Bank& bank) {
    const Master& master = library_.masters[bank.master];
    const std::size_t controller = near(bank.location);
    const std::size_t share = bank.size >= kSharedDataMin ? 2 : 1;
    for (std::size_t i = 0; i < bank.size; i += kBroadcast) {
      drive_inputs(bank, master, i, kBroadcast, PinRole::kAddress, controller);
    }
    for (std::size_t i = 0; i < bank.size; i += share) {
      drive_inputs(bank, master, i, share, PinRole::kDataIn, std::nullopt);
    }
    for (std::size_t i = 0; i < bank.size; ++i) {
      connect_outputs(bank, master, bank.first + i);
    }
  }

  /// Drives the inputs of one role of macros `begin` .. `begin + count - 1` of a bank, each net
  /// going to the same pin of all of them, from `source` or from a cluster per chunk of bits.
  void drive_inputs(const Bank& bank,
                    const Master& master,
                    std::size_t begin,
                    std::size_t count,
                    PinRole role,
                    std::optional<std::size_t> source) {
    const std::size_t end = std::min(begin + count, bank.size);
    std::size_t bit = 0;
    std::size_t cluster = source.value_or(0);
    for (std::size_t pin = 0; pin < master.pins.size(); ++pin) {
      if (master.pins[pin].role != role) {
        continue;
      }
      if (!source && bit++ % kBusChunk == 0) {
        cluster = near(bank.location);
      }
      NetSinks sinks;
      for (std::size_t i = begin; i < end; ++i) {
        sinks.push_back({EndKind::kMacroPin, bank.first + i, pin});
      }
      drive(cluster, std::move(sinks));
    }
  }

  void connect_outputs(const Bank& bank, const Master& master, std::size_t macro) {
    std::size_t bit = 0;
    std::size_t cluster = 0;
    for (std::size_t pin = 0; pin < master.pins.size(); ++pin) {
      if (master.pins[pin].role != PinRole::kDataOut) {
        continue;
      }
      if (bit++ % kBusChunk == 0) {
        cluster = near(bank.location);
      }
      nets_.macro_pins[macro][pin] = fan_out(cluster, kSecondSinkOfMacro, kThirdSinkOfMacro);
    }
  }

  std::size_t wanted(double per_cluster) const {
    return static_cast<std::size_t>(
        std::llround(per_cluster * static_cast<double>(clusters_.size())));
  }

  /// First one net for every cluster, so that none stays alone, then clusters drawn by size.
  void add_multi_nets() {
    const std::size_t target = wanted(options_.multi_nets);
    for (std::size_t n = 0; num_multi_ < target && n < kTriesPerNet * target; ++n) {
      const std::size_t source = n < clusters_.size() ? n : draw_source();
      NetSinks sinks;
      add_clusters(sinks, clusters_[source], draw_sinks(), source);
      if (sinks.size() >= 2) {
        drive(source, std::move(sinks));
      }
    }
  }

  void add_single_nets() {
    const std::size_t target = wanted(options_.single_nets);
    for (std::size_t n = 0; num_single_ < target && n < kTriesPerNet * target; ++n) {
      const std::size_t source = draw_source();
      NetSinks sinks;
      add_clusters(sinks, clusters_[source], 1, source);
      if (!sinks.empty() && !nets_.clusters[source].single.contains(sinks.front())) {
        nets_.clusters[source].single[sinks.front()] = draw_weight();
        ++num_single_;
      }
    }
  }

  const GeneratorClusterOptions& options_;
  const MacroLibrary& library_;
  const std::vector<PortPlan>& ports_;
  const std::vector<HiddenPoint>& clusters_;
  ClusterMap map_;
  Rng rng_;
  std::vector<double> source_sum_;  ///< running sum of the clusters' chances to drive a net
  CircuitNets nets_;
  std::size_t num_multi_ = 0;
  std::size_t num_single_ = 0;
};

}  // namespace

std::vector<HiddenPoint> scatter_clusters(std::size_t count, std::uint64_t seed) {
  Rng rng = Rng::derive(seed, "generator.clusters");
  const auto side = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  std::vector<std::size_t> cells(side * side);
  std::iota(cells.begin(), cells.end(), std::size_t{0});
  rng.shuffle(cells);
  std::vector<HiddenPoint> points(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto col = cells[i] % side;
    const auto row = cells[i] / side;
    points[i].x = (static_cast<double>(col) + rng.uniform()) / static_cast<double>(side);
    points[i].y = (static_cast<double>(row) + rng.uniform()) / static_cast<double>(side);
  }
  return points;
}

CircuitNets make_nets(const GeneratorOptions& options,
                      const MacroLibrary& library,
                      const std::vector<PortPlan>& ports,
                      const std::vector<HiddenPoint>& clusters,
                      const std::vector<double>& areas) {
  return NetBuilder(options, library, ports, clusters, areas).run();
}

}  // namespace tessera::netlist_io::generator
