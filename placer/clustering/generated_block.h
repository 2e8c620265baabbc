#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "netlist_io/flat_generator.h"
#include "netlist_io/generator.h"

namespace tessera::placer {

/// Names of all recipes: those of clustered blocks first, then those of flat netlists.
std::vector<std::string_view> generated_block_recipes();

/// Makes the flat netlist of `options`; if no grid takes its macros, again with lower utilisation,
/// down to about three quarters of the given one. Nothing but sizes of the canvas changes. Throws
/// `netlist_io::OptionError` for bad options, `netlist_io::InfeasibleError` if it never fits.
netlist_io::GeneratedFlatBlock make_fitting_flat_block(netlist_io::FlatGeneratorOptions options);

/// Clusters a generated flat netlist as `tessera cluster` does: the grid is selected, cells get
/// rough positions, METIS partitions them. The placement has the hard macros packed at cell centres
/// and clusters where the rough positions of their cells are, inside the canvas unless they are
/// larger: they are as wide as a grid cell, so the largest of a few thousand cells may be taller.
///
/// Throws `netlist_io::InfeasibleError` if no grid takes the macros.
netlist_io::GeneratedBlock cluster_flat_block(const netlist_io::GeneratedFlatBlock& flat,
                                              std::uint64_t seed);

/// The block of a recipe of either kind, in memory: what `tessera generate --recipe R --seed S`
/// writes. Throws `netlist_io::OptionError` if there is no such recipe.
netlist_io::GeneratedBlock make_generated_block(std::string_view recipe, std::uint64_t seed);

}  // namespace tessera::placer
