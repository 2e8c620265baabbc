#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netlist_io/flat_generator_circuit.h"
#include "netlist_io/rng.h"

// Internal to the flat generator: who is connected with whom inside a module.

namespace tessera::netlist_io::flat {

/// What the parts of a module connect with each other.
struct WiringGoal {
  std::size_t inputs = 0;    ///< left over for others to drive
  std::size_t outputs = 0;   ///< left over for others to read, besides those that nobody reads yet
  int bus_width = 1;         ///< most bits that go from part to part side by side
  bool own_sinks = false;    ///< whether a part may also feed itself, where nothing else is left
  bool beyond_wants = true;  ///< whether nets go to more sinks than they want before inputs stay
};

/// Connects open inputs with nets. Every net has a number of bundles that it wants to reach.
class Wiring {
 public:
  Wiring(Circuit& circuit, Rng& rng) : circuit_(circuit), rng_(rng) {}

  /// Wants of the nets that follow on average; > 1.
  void set_mean_fanout(double mean) { mean_fanout_ = mean; }

  /// Connects outputs of some parts with inputs of others, in runs of neighbouring terminals, until
  /// only so many inputs are left or nothing can be connected. Returns what is left over: of the
  /// outputs that are read already, as many as the goal says.
  Terminals connect_parts(const std::vector<Terminals>& parts, const WiringGoal& goal);

  /// Connects one bundle with one net, whatever the net wants.
  void connect(NetIndex net, BundleIndex bundle);
  /// True if the net has a sink.
  bool has_sinks(NetIndex net) const { return net < state_.size() && state_[net].sinks > 0; }
  Rng& rng() { return rng_; }

 private:
  struct NetState {
    int wants = 0;  ///< bundles still to be reached
    int sinks = 0;  ///< bundles reached
  };

  NetState& state(NetIndex net);
  std::vector<NetIndex> choose_exports(const std::vector<NetIndex>& outputs, std::size_t count);
  int draw_fanout();
  std::size_t draw_width(int limit);

  Circuit& circuit_;
  Rng& rng_;
  double mean_fanout_ = 1.9;
  std::vector<NetState> state_;  // [nets]
};

}  // namespace tessera::netlist_io::flat
