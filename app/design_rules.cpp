#include "app/design_rules.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "netlist_io/lefdef/macro_lattice.h"
#include "placer/dbu_lattice.h"

namespace tessera::app {

using netlist_io::Netlist;
using netlist_io::NodeId;

namespace {

/// As the bits of `placer::MacroRule`: the images of N that the symmetry allows.
std::uint8_t allowed_orientations(const netlist_io::Symmetry& symmetry) {
  unsigned bits = 0;
  for (unsigned o = 0; o < 8; ++o) {
    const bool allowed =
        symmetry.allows(netlist_io::Orientation::kN, static_cast<netlist_io::Orientation>(o));
    bits |= (allowed ? 1U : 0U) << o;
  }
  return static_cast<std::uint8_t>(bits);
}

placer::MacroSpaceOptions bookshelf_rules(const Block& block) {
  const netlist_io::BookshelfNetlist& made = block.bookshelf->netlist;
  const auto whole = [](double value) { return value == std::floor(value); };
  const auto macros = block.netlist.hard_macros();
  placer::MacroSpaceOptions options;
  if (whole(made.origin_x) && whole(made.origin_y) &&
      std::all_of(macros.begin(), macros.end(), [&](NodeId macro) {
        return whole(block.netlist.width(macro)) && whole(block.netlist.height(macro));
      })) {
    options.unit_um = {1.0, 1.0};
  }
  return options;
}

/// One entry a master, in the order of the library.
std::vector<TrackAlignment> alignments(const netlist_io::LefLibrary& library,
                                       const netlist_io::MacroLattice& lattice) {
  std::vector<TrackAlignment> result;
  for (std::size_t m = 0; m < library.masters.size(); ++m) {
    const netlist_io::MacroLattice::Alignment& alignment = lattice.alignment[m];
    const std::size_t pins = alignment.pins[0] + alignment.pins[1];
    if (pins > 0) {
      TrackAlignment& entry = result.emplace_back();
      entry.master = library.masters[m].name;
      entry.pins = pins;
      entry.off_track = pins - alignment.aligned[0] - alignment.aligned[1];
      for (const std::uint32_t pin : alignment.off_track) {
        entry.off_track_pins.push_back(library.masters[m].pins[pin].name);
      }
    }
  }
  return result;
}

void find_lefdef_rules(Block& block) {
  const LefDefSource& source = *block.lefdef;
  const netlist_io::DefDesign& design = source.design;
  const Netlist& netlist = block.flat ? block.flat->netlist : block.netlist;
  const netlist_io::MacroLattice lattice =
      netlist_io::find_macro_lattice(source.lef, design, source.netlist, netlist);
  std::vector<placer::Halo> halos(block.netlist.num_nodes());
  std::vector<placer::MacroRule> rules(block.netlist.num_nodes());
  const double um = 1.0 / design.database_units;
  for (const NodeId macro : netlist.hard_macros()) {
    const netlist_io::DefComponent& component =
        design.components[source.netlist.component_of_node[macro.index()]];
    const std::size_t node = block.node_of(macro).index();
    const netlist_io::MacroLattice::Phase& phase = lattice.phase[component.master];
    rules[node] = {
        phase.x, phase.y, allowed_orientations(source.lef.masters[component.master].symmetry)};
    if (component.halo != netlist_io::DefComponent::kNoHalo) {
      const netlist_io::DefHalo& halo = design.halos[component.halo];
      halos[node] = {um * halo.left, um * halo.bottom, um * halo.right, um * halo.top};
    }
  }
  placer::MacroSpaceOptions& options = block.macro_rules;
  options.unit_um = lattice.unit_um;
  options.rules = std::make_shared<const std::vector<placer::MacroRule>>(std::move(rules));
  if (!design.halos.empty()) {
    options.spacing.own_halos = std::make_shared<const std::vector<placer::Halo>>(std::move(halos));
  }
  block.tracks = alignments(source.lef, lattice);
}

/// The rows of the height and the sites that most have.
placer::RowOptions bookshelf_rows(const BookshelfSource& source) {
  const std::vector<netlist_io::BookshelfRow>& rows = source.design.rows;
  placer::RowOptions options;
  std::map<std::pair<double, double>, std::size_t> count;
  for (const netlist_io::BookshelfRow& row : rows) {
    ++count[{row.height, row.site_spacing}];
  }
  if (count.empty()) {
    return options;
  }
  const auto usual =
      std::ranges::max_element(count, {}, [](const auto& entry) { return entry.second; });
  std::tie(options.row_height, options.site_width) = usual->first;
  double x = std::numeric_limits<double>::max();
  double y = x;
  for (const netlist_io::BookshelfRow& row : rows) {
    if (std::pair(row.height, row.site_spacing) == usual->first) {
      x = std::min(x, row.x);
      y = std::min(y, row.y);
    }
  }
  options.origin_x = std::max(x - source.netlist.origin_x, 0.0);
  options.origin_y = std::max(y - source.netlist.origin_y, 0.0);
  return options;
}

}  // namespace

void find_design_rules(Block& block) {
  if (block.lefdef) {
    find_lefdef_rules(block);
    return;
  }
  if (block.bookshelf) {
    block.macro_rules = bookshelf_rules(block);
  }
  // Units that nobody asks for may be longer on a huge canvas.
  const double longest = std::max(block.canvas.width, block.canvas.height);
  for (double& unit_um : block.macro_rules.unit_um) {
    while (longest / unit_um >= placer::DbuLattice::kLimit) {
      unit_um *= 10.0;
    }
  }
}

placer::RowOptions cell_rows(const Block& block) {
  if (block.bookshelf) {
    return bookshelf_rows(*block.bookshelf);
  }
  placer::RowOptions options;
  if (!block.lefdef || block.lefdef->design.rows.empty()) {
    return options;
  }
  const LefDefSource& source = *block.lefdef;
  const std::vector<netlist_io::DefRow>& rows = source.design.rows;
  std::map<std::string_view, std::size_t> rows_of_site;
  for (const netlist_io::DefRow& row : rows) {
    ++rows_of_site[row.site];
  }
  const auto usual =
      std::ranges::max_element(rows_of_site, {}, [](const auto& entry) { return entry.second; });
  const std::optional<std::uint32_t> site = source.lef.find_site(usual->first);
  if (!site) {
    return options;
  }
  options.row_height = source.lef.sites[*site].height;
  options.site_width = source.lef.sites[*site].width;
  netlist_io::DefPoint first = {std::numeric_limits<std::int32_t>::max(),
                                std::numeric_limits<std::int32_t>::max()};
  for (const netlist_io::DefRow& row : rows) {
    if (row.site == usual->first) {
      first = {std::min(first.x, row.origin.x), std::min(first.y, row.origin.y)};
    }
  }
  const double um = 1.0 / source.design.database_units;
  options.origin_x = um * (first.x - source.netlist.origin.x);
  options.origin_y = um * (first.y - source.netlist.origin.y);
  return options;
}

}  // namespace tessera::app
