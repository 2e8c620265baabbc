#include "netlist_io/flat_generator_wiring.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tessera::netlist_io::flat {
namespace {

constexpr int kMaxFailures = 64;  ///< draws in vain before a module counts as connected

/// Terminals of one kind of all parts, some used up.
template <typename Index>
class Pool {
 public:
  struct Item {
    Index index = 0;
    std::uint32_t part = 0;
    bool alive = true;
  };

  void add(const std::vector<Index>& indices, std::size_t part) {
    for (const Index index : indices) {
      items_.push_back({index, static_cast<std::uint32_t>(part), true});
    }
    alive_ += indices.size();
  }

  std::size_t alive() const { return alive_; }
  std::size_t size() const { return items_.size(); }
  Item& operator[](std::size_t i) { return items_[i]; }

  void use_up(std::size_t i) {
    items_[i].alive = false;
    --alive_;
  }

  void revive() {
    for (Item& item : items_) {
      item.alive = true;
    }
    alive_ = items_.size();
  }

  /// Drops what is used up if that is the larger part, so that draws hit what is left.
  void tidy() {
    if (2 * alive_ < items_.size()) {
      std::erase_if(items_, [](const Item& item) { return !item.alive; });
    }
  }

  /// The first one alive at or behind `i`; `size()` if there is none.
  std::size_t next_alive(std::size_t i) const {
    while (i < items_.size() && !items_[i].alive) {
      ++i;
    }
    return i;
  }

  std::vector<Index> rest() const {
    std::vector<Index> indices;
    for (const Item& item : items_) {
      if (item.alive) {
        indices.push_back(item.index);
      }
    }
    return indices;
  }

 private:
  std::vector<Item> items_;
  std::size_t alive_ = 0;
};

}  // namespace

Wiring::NetState& Wiring::state(NetIndex net) {
  while (state_.size() <= net) {
    state_.push_back({draw_fanout(), 0});
  }
  return state_[net];
}

/// One, two, three or up to twenty: as often as in placed designs, apart from control nets.
int Wiring::draw_fanout() {
  constexpr double kMany = 0.05;  // more than three, with a mean of about ten
  constexpr double kMeanMany = 9.6;
  constexpr double kThree = 0.08;
  const double two =
      std::clamp(mean_fanout_ - 1.0 - kThree * 2.0 - kMany * (kMeanMany - 1.0), 0.05, 0.8);
  const double u = rng_.uniform();
  if (u < kMany) {
    return static_cast<int>(std::floor(4.0 * std::pow(21.0 / 4.0, rng_.uniform())));
  }
  return u < kMany + kThree ? 3 : u < kMany + kThree + two ? 2 : 1;
}

/// Powers of two up to the limit, each as likely.
std::size_t Wiring::draw_width(int limit) {
  const auto powers =
      static_cast<std::uint64_t>(std::bit_width(static_cast<unsigned>(std::max(limit, 1))));
  return std::size_t{1} << rng_.below(powers);
}

void Wiring::connect(NetIndex net, BundleIndex bundle) {
  NetState& of_net = state(net);
  --of_net.wants;
  ++of_net.sinks;
  circuit_.connect_bundle(net, bundle);
}

/// Those without a reader, and of the others an even choice of what room is left for.
std::vector<NetIndex> Wiring::choose_exports(const std::vector<NetIndex>& outputs,
                                             std::size_t count) {
  const auto num_read = static_cast<std::size_t>(
      std::count_if(outputs.begin(), outputs.end(), [&](NetIndex net) { return has_sinks(net); }));
  const std::size_t num_unread = outputs.size() - num_read;
  const std::size_t room = std::min(num_read, count > num_unread ? count - num_unread : 0);
  std::vector<NetIndex> chosen;
  std::size_t seen = 0;
  for (const NetIndex net : outputs) {
    if (!has_sinks(net)) {
      chosen.push_back(net);
      continue;
    }
    if ((seen + 1) * room / num_read > seen * room / num_read) {
      chosen.push_back(net);
    }
    ++seen;
  }
  return chosen;
}

Terminals Wiring::connect_parts(const std::vector<Terminals>& parts, const WiringGoal& goal) {
  Pool<NetIndex> outputs;
  Pool<BundleIndex> inputs;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    outputs.add(parts[p].outputs, p);
    inputs.add(parts[p].inputs, p);
  }
  const auto is_done = [&] { return outputs.alive() == 0 || inputs.alive() <= goal.inputs; };
  int failures = 0;
  while (inputs.alive() > goal.inputs && failures < kMaxFailures) {
    if (outputs.alive() == 0) {
      if (!goal.beyond_wants || outputs.size() == 0) {
        break;
      }
      outputs.revive();
    }
    inputs.tidy();
    std::size_t out = outputs.next_alive(rng_.below(outputs.size()));
    std::size_t in = inputs.next_alive(rng_.below(inputs.size()));
    const bool none = out == outputs.size() || in == inputs.size();
    const bool may_feed_itself = goal.own_sinks && failures > kMaxFailures / 2;
    if (none || (outputs[out].part == inputs[in].part && !may_feed_itself)) {
      ++failures;
      continue;
    }
    failures = 0;
    const std::uint32_t from = outputs[out].part;
    const std::uint32_t to = inputs[in].part;
    for (std::size_t left = draw_width(goal.bus_width); left > 0 && !is_done(); --left) {
      const NetIndex net = outputs[out].index;
      connect(net, inputs[in].index);
      inputs.use_up(in);
      if (state(net).wants <= 0) {
        outputs.use_up(out);
      }
      out = outputs.next_alive(out + 1);
      in = inputs.next_alive(in + 1);
      if (out == outputs.size() || in == inputs.size() || outputs[out].part != from ||
          inputs[in].part != to) {
        break;
      }
    }
  }
  return {inputs.rest(), choose_exports(outputs.rest(), goal.outputs)};
}

}  // namespace tessera::netlist_io::flat
