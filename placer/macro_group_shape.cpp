#include "placer/macro_group_shape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "netlist_io/errors.h"
#include "placer/dbu_lattice.h"

namespace tessera::placer {

using netlist_io::MacroGroup;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Offset;
using netlist_io::Orientation;
using netlist_io::Placement;

namespace {

constexpr std::size_t kNumOrientations = 8;

bool has_rules(const MacroSpaceOptions& space) {
  return space.rules && !space.rules->empty();
}

/// Lays one group out, an axis (0 for x, 1 for y) after the other.
class GroupLayout {
 public:
  GroupLayout(const Netlist& netlist,
              const Placement& placement,
              const MacroGroup& group,
              const MacroSpaceOptions& space)
      : netlist_(netlist), group_(group), space_(space), low_(group.members.size()) {
    for (const NodeId macro : group.members) {
      const bool turned_in_input = swaps_axes(placement.orientation[macro.index()]);
      const Orientation usual = turned_in_input ? Orientation::kE : Orientation::kN;
      shape_.members.push_back({macro, {}, group.orientation.value_or(usual)});
    }
  }

  GroupShape run() {
    check_orientation();
    shape_.width = lay_out(0);
    shape_.height = lay_out(1);
    for (std::size_t m = 0; m < low_.size(); ++m) {
      shape_.members[m].offset = {low_[m][0] + 0.5 * (size(m, 0) - shape_.width),
                                  low_[m][1] + 0.5 * (size(m, 1) - shape_.height)};
    }
    find_halo();
    find_rule();
    return std::move(shape_);
  }

 private:
  /// Member that stands at `place` on an axis and at `line` on the other one.
  std::size_t member_at(std::size_t axis, std::size_t place, std::size_t line) const {
    const auto columns = static_cast<std::size_t>(group_.columns);
    return axis == 0 ? line * columns + place : place * columns + line;
  }
  std::size_t num_places(std::size_t axis) const {
    return static_cast<std::size_t>(axis == 0 ? group_.columns : group_.rows);
  }

  double size(std::size_t member, std::size_t axis, Orientation by = Orientation::kN) const {
    const GroupMember& placed = shape_.members[member];
    const bool swap = swaps_axes(placed.orientation) != swaps_axes(by);
    return (axis == 0) != swap ? netlist_.width(placed.macro) : netlist_.height(placed.macro);
  }

  double phase(std::size_t member, std::size_t axis, Orientation by = Orientation::kN) const {
    if (!has_rules(space_)) {
      return 0.0;
    }
    const GroupMember& placed = shape_.members[member];
    const MacroRule& rule = (*space_.rules)[placed.macro.index()];
    const auto o = static_cast<std::size_t>(turned(placed.orientation, by));
    return axis == 0 ? rule.x[o] : rule.y[o];
  }

  void check_orientation() const {
    for (const GroupMember& member : shape_.members) {
      if (group_.orientation && !space_.allows(member.macro, member.orientation)) {
        throw netlist_io::ParseError(group_.location,
                                     "macro " + netlist_.name(member.macro) +
                                         " may not be turned to " +
                                         std::string(to_string(member.orientation)));
      }
    }
  }

  /// Sets where the members begin on an axis, from the group's lower left; returns where the last
  /// ends.
  double lay_out(std::size_t axis) {
    double end = 0.0;
    for (std::size_t place = 0; place < num_places(axis); ++place) {
      const double begin = place == 0 ? 0.0 : end + gap_before(axis, place);
      for (std::size_t line = 0; line < num_places(1 - axis); ++line) {
        const std::size_t member = member_at(axis, place, line);
        low_[member][axis] = on_lattice(member, axis, begin);
        end = std::max(end, low_[member][axis] + size(member, axis));
      }
    }
    return end;
  }

  /// The first place from `begin` on where the member meets its lattice if the first one does.
  double on_lattice(std::size_t member, std::size_t axis, double begin) const {
    const DbuLattice lattice(space_.unit_um[axis]);
    const double shift = phase(member, axis) - phase(0, axis);
    return shift + lattice.um(lattice.up(begin - shift));
  }

  double gap_before(std::size_t axis, std::size_t place) const {
    if (group_.gap) {
      return axis == 0 ? group_.gap->x : group_.gap->y;
    }
    double gap = 0.0;
    for (std::size_t line = 0; line < num_places(1 - axis); ++line) {
      gap = std::max(gap,
                     keep_out(member_at(axis, place - 1, line))[axis].after +
                         keep_out(member_at(axis, place, line))[axis].before);
    }
    return gap;
  }

  struct KeepOut {
    double before = 0.0;
    double after = 0.0;
  };

  /// What a member keeps free on each axis, half of a channel included.
  std::array<KeepOut, 2> keep_out(std::size_t member) const {
    const MacroSpacing& spacing = space_.spacing;
    const GroupMember& placed = shape_.members[member];
    const Halo halo = spacing.halo_of(placed.macro, placed.orientation);
    const double x = 0.5 * spacing.channel_x_um;
    const double y = 0.5 * spacing.channel_y_um;
    return {KeepOut{std::max(halo.left, x), std::max(halo.right, x)},
            KeepOut{std::max(halo.bottom, y), std::max(halo.top, y)}};
  }

  void find_halo() {
    for (std::size_t m = 0; m < low_.size(); ++m) {
      const GroupMember& placed = shape_.members[m];
      const Halo own = space_.spacing.halo_of(placed.macro, placed.orientation);
      const double right = shape_.width - low_[m][0] - size(m, 0);
      const double top = shape_.height - low_[m][1] - size(m, 1);
      Halo& halo = shape_.halo;
      halo.left = std::max(halo.left, own.left - low_[m][0]);
      halo.bottom = std::max(halo.bottom, own.bottom - low_[m][1]);
      halo.right = std::max(halo.right, own.right - right);
      halo.top = std::max(halo.top, own.top - top);
    }
  }

  void find_rule() {
    shape_.rule.orientations = 0;
    for (std::size_t o = 0; o < kNumOrientations; ++o) {
      const auto by = static_cast<Orientation>(o);
      const std::optional<double> x = corner_phase(0, by);
      const std::optional<double> y = corner_phase(1, by);
      if (by == Orientation::kN || (!group_.orientation && x && y && all_allow(by))) {
        shape_.rule.orientations |= static_cast<std::uint8_t>(1U << o);
        shape_.rule.x[o] = x.value_or(0.0);
        shape_.rule.y[o] = y.value_or(0.0);
      }
    }
  }

  bool all_allow(Orientation by) const {
    return std::all_of(
        shape_.members.begin(), shape_.members.end(), [&](const GroupMember& member) {
          return space_.allows(member.macro, turned(member.orientation, by));
        });
  }

  /// Where the corner of the turned group may stand, up to whole units of the lattice; nothing if
  /// not all members can meet their lattices at a time.
  std::optional<double> corner_phase(std::size_t axis, Orientation by) const {
    if (!has_rules(space_)) {
      return 0.0;
    }
    constexpr double kSlack = 1e-5;  // units
    const double unit = space_.unit_um[axis];
    const double first = phase(0, axis, by) - turned_low(0, axis, by);
    for (std::size_t m = 1; m < low_.size(); ++m) {
      const double units = (phase(m, axis, by) - turned_low(m, axis, by) - first) / unit;
      if (std::abs(units - std::round(units)) > kSlack) {
        return std::nullopt;
      }
    }
    return first;
  }

  /// Where a member begins on an axis, from the lower left of the turned group.
  double turned_low(std::size_t member, std::size_t axis, Orientation by) const {
    const Offset centre = transform(shape_.members[member].offset, by);
    const double group_size = (axis == 0) != swaps_axes(by) ? shape_.width : shape_.height;
    return 0.5 * (group_size - size(member, axis, by)) + (axis == 0 ? centre.x : centre.y);
  }

  const Netlist& netlist_;
  const MacroGroup& group_;
  const MacroSpaceOptions& space_;
  GroupShape shape_;
  std::vector<std::array<double, 2>> low_;  ///< by member: lower-left corner from the group's
};

}  // namespace

Orientation turned(Orientation orientation, Orientation by) {
  constexpr Offset kProbe = {1.0, 2.0};  // goes to another place in each orientation
  const Offset wanted = transform(transform(kProbe, orientation), by);
  for (std::size_t o = 0; o < kNumOrientations; ++o) {
    const Offset at = transform(kProbe, static_cast<Orientation>(o));
    if (at.x == wanted.x && at.y == wanted.y) {
      return static_cast<Orientation>(o);
    }
  }
  throw netlist_io::InternalError("orientations do not form a group");
}

GroupShape make_group_shape(const Netlist& netlist,
                            const Placement& placement,
                            const MacroGroup& group,
                            const MacroSpaceOptions& space) {
  return GroupLayout(netlist, placement, group, space).run();
}

}  // namespace tessera::placer
