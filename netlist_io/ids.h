#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace tessera::netlist_io {

/// Index into one of the flat arrays of a `Netlist`. Ids of different tags do not mix.
template <typename Tag>
struct StrongId {
  std::uint32_t value = 0;

  StrongId() = default;
  constexpr explicit StrongId(std::size_t index) : value(static_cast<std::uint32_t>(index)) {}

  constexpr std::size_t index() const { return value; }
  auto operator<=>(const StrongId&) const = default;
};

/// Anything with a position: port, hard macro, soft macro or standard cell.
using NodeId = StrongId<struct NodeTag>;
/// A terminal of a node. One pin may be on several nets.
using PinId = StrongId<struct PinTag>;
/// A driver pin and its sinks.
using NetId = StrongId<struct NetTag>;

}  // namespace tessera::netlist_io
