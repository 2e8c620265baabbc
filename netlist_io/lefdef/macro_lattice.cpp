#include "netlist_io/lefdef/macro_lattice.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
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

  /// A pin of a master on a layer with tracks, and the corner of the master, modulo the step, that
  /// brings it onto one.
  struct Wish {
    std::uint32_t pin = 0;
    std::optional<std::int64_t> corner;
  };
  /// Where the corner of a master may stand, and what that does for its pins.
  struct MasterPhase {
    double um = 0.0;
    std::size_t pins = 0;
    std::vector<std::uint32_t> off_track;
  };

  /// Phase of a master in an orientation.
  MasterPhase phase_of(const LefMaster& master, Orientation orientation) const {
    const std::vector<Wish> wishes = wishes_of(master, orientation);
    const std::optional<std::int64_t> best = most_wanted(wishes);
    MasterPhase phase;
    phase.um = static_cast<double>(residue(best.value_or(0) - origin_, step_)) / per_um_;
    phase.pins = wishes.size();
    for (const Wish& wish : wishes) {
      if (!wish.corner || wish.corner != best) {
        phase.off_track.push_back(wish.pin);
      }
    }
    return phase;
  }

 private:
  std::vector<Wish> wishes_of(const LefMaster& master, Orientation orientation) const {
    std::vector<Wish> wishes;
    for_each_pin(master, orientation, [&](std::uint32_t pin, const Tracks& tracks, double centre) {
      const std::int64_t at = std::llround(centre * per_um_);
      const bool exact = std::abs(centre * per_um_ - static_cast<double>(at)) < 1e-3;
      const std::int64_t corner = residue(tracks.start - at, step_);
      wishes.push_back({pin, std::nullopt});
      if (exact && tracks.step == step_ && corner % grid_ == 0) {
        wishes.back().corner = corner;
      }
    });
    return wishes;
  }

  static std::optional<std::int64_t> most_wanted(const std::vector<Wish>& wishes) {
    std::map<std::int64_t, std::size_t> votes;
    for (const Wish& wish : wishes) {
      if (wish.corner) {
        ++votes[*wish.corner];
      }
    }
    std::size_t most = 0;
    std::optional<std::int64_t> best;
    for (const auto& [corner, count] : votes) {
      if (count > most) {
        most = count;
        best = corner;
      }
    }
    return best;
  }

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

  /// Calls `visit(pin, tracks, distance of the pin's centre from the lower-left corner)` for each
  /// signal pin on a layer with tracks, once a pin.
  template <typename Visit>
  void for_each_pin(const LefMaster& master, Orientation orientation, Visit visit) const {
    const std::array<double, 2> half = {0.5 * master.width, 0.5 * master.height};
    const double own_half = swaps_axes(orientation) ? half[1 - axis_] : half[axis_];
    for (std::uint32_t p = 0; p < master.pins.size(); ++p) {
      const LefPin& pin = master.pins[p];
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
        visit(p, tracks_[shape.layer], own_half + (axis_ == 0 ? turned.x : turned.y));
        break;
      }
    }
  }

  void choose_step() {
    std::map<std::int64_t, std::size_t> pins_of_step;
    for (const std::uint32_t master : masters_) {
      const auto count = [&](std::uint32_t, const Tracks& tracks, double) {
        ++pins_of_step[tracks.step];
      };
      for_each_pin(library_.masters[master], Orientation::kN, count);
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

/// The two sorted lists as one, without repetitions.
std::vector<std::uint32_t> united(const std::vector<std::uint32_t>& a,
                                  const std::vector<std::uint32_t>& b) {
  std::vector<std::uint32_t> all;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
  return all;
}

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
        const auto orientation = static_cast<Orientation>(o);
        const AxisLattice::MasterPhase found =
            on_axis.phase_of(library.masters[master], orientation);
        (axis == 0 ? phase.x : phase.y)[o] = found.um;
        if (orientation == Orientation::kN) {
          alignment.pins[axis] = found.pins;
          alignment.aligned[axis] = found.pins - found.off_track.size();
          alignment.off_track = united(alignment.off_track, found.off_track);
        }
      }
    }
  }
  return lattice;
}

}  // namespace tessera::netlist_io
