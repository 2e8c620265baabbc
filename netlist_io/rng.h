#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace tessera::netlist_io {

/// Deterministic random numbers: xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom
/// number generators", ACM TOMS 47(4), 2021), seeded by SplitMix64. The same on every platform,
/// unlike the distributions of the standard library.
class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  /// Stream of its own for (seed, purpose, index), so that threads never share one.
  static Rng derive(std::uint64_t seed, std::string_view purpose, std::uint64_t index = 0);

  std::uint64_t next();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Uniform in [low, high).
  double uniform(double low, double high);
  /// Uniform in 0 .. bound - 1, unbiased. `bound` > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Normal with mean 0 and variance 1.
  double normal();

  /// Fisher-Yates.
  template <typename Container>
  void shuffle(Container& items) {
    for (std::uint64_t i = items.size(); i > 1; --i) {
      using std::swap;
      swap(items[i - 1], items[below(i)]);
    }
  }

  struct State {
    std::array<std::uint64_t, 4> words;
  };
  State state() const { return state_; }
  void set_state(const State& state) { state_ = state; }

 private:
  State state_;
};

}  // namespace tessera::netlist_io
