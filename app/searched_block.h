#pragma once

#include <optional>

#include <nlohmann/json.hpp>

#include "app/block_input.h"
#include "app/place_flags.h"
#include "app/placement_report.h"
#include "netlist_io/placement.h"
#include "placer/macro_groups.h"

namespace tessera::app {

/// What a command searches on: the block that it read or, with `--macro-groups`, one in which every
/// group is a macro.
class SearchedBlock {
 public:
  /// `fixed`: a placement of the block with the flags of fixed nodes in force. Block and flags must
  /// outlive this. Throws `netlist_io::ParseError` for bad groups and `netlist_io::InfeasibleError`
  /// if one is larger than the canvas.
  SearchedBlock(const Block& input,
                const EnvironmentFlags& environment,
                netlist_io::Placement fixed);
  SearchedBlock(const SearchedBlock&) = delete;
  SearchedBlock& operator=(const SearchedBlock&) = delete;

  /// The block as read.
  const Block& input() const { return input_; }
  const netlist_io::Placement& input_fixed() const { return input_fixed_; }

  bool has_groups() const { return groups_.has_value(); }
  const Block& block() const { return grouped_ ? *grouped_ : input_; }
  const netlist_io::Placement& fixed() const { return groups_ ? grouped_fixed_ : input_fixed_; }
  /// The flags that suit `block()`; what patterns of macro names select is in it already.
  const EnvironmentFlags& environment() const { return environment_; }

  /// A placement of the block as read as one of `block()`.
  netlist_io::Placement collapse(netlist_io::Placement placement) const;
  /// The inverse.
  netlist_io::Placement expand(netlist_io::Placement placement) const;
  /// Turns the report of a search on `block()` into one on the block as read: placement, cost, and
  /// what became of the groups.
  void expand(PlacementReport& report) const;

 private:
  nlohmann::ordered_json groups_json(const netlist_io::Placement& grouped) const;

  const Block& input_;
  netlist_io::Placement input_fixed_;
  EnvironmentFlags environment_;
  std::optional<placer::MacroGroups> groups_;
  std::optional<Block> grouped_;
  netlist_io::Placement grouped_fixed_;
};

}  // namespace tessera::app
