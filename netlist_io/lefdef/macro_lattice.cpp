#include "netlist_io/lefdef/macro_lattice.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace tessera::netlist_io {
namespace {

/// `value` modulo `step`, in [0, step).
std::int64_t residue(std::int64_t value, std::int64_t step) {
  const std::int64_t rest = value % step;
  return rest < 0 ? rest + step : rest;
}

/// The lines that pins of one layer should meet on an axis, database units.
struct Tracks {
  std::int64_t start = 0;
  std::int64_t step = 0;  ///< 0: none
};

/// Finds the lattice on one axis.
class AxisLattice {
 public:
  AxisLattice(const LefLibrary& library,
              const DefDesign& design,
              const std::set<std::uint32_t>& masters,
              std::int64_t origin,
              std::size_t axis)
      : library_(library),
        masters_(masters),
        origin_(origin),
        axis_(axis),
        per_um_(design.database_units),
        grid_(std::max<std::int64_t>(1, std::llround(library.manufacturing_grid * per_um_))) {
    find_tracks(design);
    choose_step();
  }

  double unit_um() const { return static_cast<double>(step_) / per_um_; }

  /// Phase of a master in an orientation, microns; counts what it aligns.
  double phase_um(const LefMaster& master,
                  Orientation orientation,
                  std::size_t& pins,
                  std::size_t& aligned) const {
    std::map<std::int64_t, std::size_t> votes;  // corner modulo step -> pins on tracks
    pins = 0;
    for_each_pin(master, orientation, [&](const Tracks& tracks, double centre) {
      ++pins;
      const std::int64_t at = std::llround(centre * per_um_);
      const bool exact = std::abs(centre * per_um_ - static_cast<double>(at)) < 1e-3;
      const std::int64_t corner = residue(tracks.start - at, step_);
      if (exact && tracks.step == step_ && corner % grid_ == 0) {
        ++votes[corner];
      }
    });
    aligned = 0;
    std::int64_t best = 0;
    for (const auto& [corner, count] : votes) {
      if (count > aligned) {
        aligned = count;
        best = corner;
      }
    }
    return static_cast<double>(residue(best - origin_, step_)) / per_um_;
  }

 private:
  void find_tracks(const DefDesign& design) {
    tracks_.resize(library_.layers.size());
    for (const DefTracks& tracks : design.tracks) {
      if (tracks.vertical != (axis_ == 0) || tracks.step <= 0) {
        continue;
      }
      for (const std::string_view name : tracks.layers) {
        const auto layer = library_.find_layer(name);
        // Tracks across the preferred direction serve wrong-way wires only.
        if (layer && tracks_[*layer].step == 0 && runs_across(library_.layers[*layer])) {
          tracks_[*layer] = {tracks.start, tracks.step};
        }
      }
    }
  }

  bool runs_across(const LefLayer& layer) const {
    return layer.direction ==
           (axis_ == 0 ? LayerDirection::kVertical : LayerDirection::kHorizontal);
  }

  /// Calls `visit(tracks, distance of the pin's centre from the lower-left corner)` for each signal
  /// pin on a layer with tracks, once a pin.
  template <typename Visit>
  void for_each_pin(const LefMaster& master, Orientation orientation, Visit visit) const {
    const std::array<double, 2> half = {0.5 * master.width, 0.5 * master.height};
    const double own_half = swaps_axes(orientation) ? half[1 - axis_] : half[axis_];
    for (const LefPin& pin : master.pins) {
      if (pin.use == PinUse::kPower || pin.use == PinUse::kGround) {
        continue;
      }
      for (const LefShape& shape : pin.shapes) {
        if (tracks_[shape.layer].step == 0) {
          continue;
        }
        const Offset from_centre = {0.5 * (shape.rect.x0 + shape.rect.x1) - half[0],
                                    0.5 * (shape.rect.y0 + shape.rect.y1) - half[1]};
        const Offset turned = transform(from_centre, orientation);
        visit(tracks_[shape.layer], own_half + (axis_ == 0 ? turned.x : turned.y));
        break;
      }
    }
  }

  void choose_step() {
    std::map<std::int64_t, std::size_t> pins_of_step;
    for (const std::uint32_t master : masters_) {
      for_each_pin(library_.masters[master], Orientation::kN, [&](const Tracks& tracks, double) {
        ++pins_of_step[tracks.step];
      });
    }
    std::size_t most = 0;
    for (const auto& [step, pins] : pins_of_step) {
      if (pins > most && step % grid_ == 0) {
        most = pins;
        step_ = step;
      }
    }
    step_ = most == 0 ? grid_ : step_;
  }

  const LefLibrary& library_;
  const std::set<std::uint32_t>& masters_;
  std::int64_t origin_;
  std::size_t axis_;
  double per_um_;
  std::int64_t grid_;           ///< manufacturing grid, database units
  std::vector<Tracks> tracks_;  ///< by layer
  std::int64_t step_ = 1;
};

}  // namespace

MacroLattice find_macro_lattice(const LefLibrary& library,
                                const DefDesign& design,
                                const DesignNetlist& source,
                                const Netlist& netlist) {
  std::set<std::uint32_t> masters;
  for (const NodeId macro : netlist.hard_macros()) {
    masters.insert(design.components[source.component_of_node[macro.index()]].master);
  }
  MacroLattice lattice;
  lattice.phase.resize(library.masters.size());
  lattice.alignment.resize(library.masters.size());
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t origin = axis == 0 ? source.origin.x : source.origin.y;
    const AxisLattice on_axis(library, design, masters, origin, axis);
    lattice.unit_um[axis] = on_axis.unit_um();
    for (const std::uint32_t master : masters) {
      MacroLattice::Phase& phase = lattice.phase[master];
      MacroLattice::Alignment& alignment = lattice.alignment[master];
      for (std::size_t o = 0; o < 8; ++o) {
        std::size_t pins = 0;
        std::size_t aligned = 0;
        const auto orientation = static_cast<Orientation>(o);
        (axis == 0 ? phase.x : phase.y)[o] =
            on_axis.phase_um(library.masters[master], orientation, pins, aligned);
        if (orientation == Orientation::kN) {
          alignment.pins[axis] = pins;
          alignment.aligned[axis] = aligned;
        }
      }
    }
  }
  return lattice;
}

}  // namespace tessera::netlist_io
