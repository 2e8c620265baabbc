#include "placer/macro_space.h"

#include <algorithm>
#include <bit>

#include "placer/no_branch.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Orientation;
using netlist_io::Placement;

MacroSpace::MacroSpace(const Netlist& netlist,
                       const Canvas& canvas,
                       const Placement& placement,
                       const MacroSpaceOptions& options)
    : geometry_(netlist, canvas, placement, options),
      item_of_node_(netlist.num_nodes(), kNone),
      orientations_(geometry_.macros.size(), Orientation::kN),
      present_(geometry_.macros.size(), 0),
      boxes_(geometry_.macros.size()) {
  boxes_.insert(boxes_.end(), geometry_.obstacles.begin(), geometry_.obstacles.end());
  build_buckets();
  for (Item item = 0; item < present_.size(); ++item) {
    const NodeId macro = macros()[item];
    const std::size_t i = macro.index();
    item_of_node_[i] = item;
    const cost::NodeMove pose =
        snap({macro, placement.x[i], placement.y[i], placement.orientation[i]});
    boxes_[item] = box_at(item, pose);
    orientations_[item] = pose.orientation;
    if (placement.placed[i] != 0) {
      move(pose);
    }
  }
}

void MacroSpace::build_buckets() {
  constexpr std::int64_t kMaxSide = 256;  // 256 KiB of list heads
  const std::size_t num_movable = macros().size();
  for (std::size_t axis = 0; axis < 2; ++axis) {
    std::int64_t total = 0;
    for (std::size_t macro = 0; macro < num_movable; ++macro) {
      total += geometry_.shape(macro, Orientation::kN).size[axis];
    }
    const auto count = static_cast<std::int64_t>(std::max<std::size_t>(1, num_movable));
    const std::int32_t room = geometry_.room[axis];
    const std::int64_t side = std::max({std::int64_t{1}, total / count, room / kMaxSide + 1});
    shift_[axis] = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(side))) - 1;
    shift_[axis] += (room >> shift_[axis]) >= kMaxSide ? 1 : 0;
    num_buckets_[axis] = (room >> shift_[axis]) + 1;
  }
  heads_.assign(bucket(0, num_buckets_[1]), kNone);

  for (Item item = 0; item < boxes_.size(); ++item) {
    first_slot_.push_back(static_cast<Slot>(entries_.size()));
    const bool movable = item < num_movable;
    entries_.resize(entries_.size() + (movable ? entries_needed(item) : num_buckets(boxes_[item])),
                    Entry{item, kNone, kNone});
    if (!movable) {
      link(item);
    }
  }
}

std::size_t MacroSpace::entries_needed(Item item) const {
  std::size_t most = 0;
  for (std::size_t o = 0; o < 8; ++o) {
    const LatticePoint& size = geometry_.shape(item, static_cast<Orientation>(o)).size;
    std::size_t buckets = 1;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      buckets *=
          static_cast<std::size_t>(std::min((size[axis] >> shift_[axis]) + 2, num_buckets_[axis]));
    }
    most = std::max(most, buckets);
  }
  return most;
}

std::size_t MacroSpace::num_buckets(const LatticeBox& box) const {
  const BucketRange range = buckets_of(box);
  return static_cast<std::size_t>(range.last[0] - range.first[0] + 1) *
         static_cast<std::size_t>(range.last[1] - range.first[1] + 1);
}

LatticeBox MacroSpace::box_at(Item item, const cost::NodeMove& pose) const {
  const std::int32_t x = geometry_.corner(item, pose.x, 0, pose.orientation);
  const std::int32_t y = geometry_.corner(item, pose.y, 1, pose.orientation);
  const LatticePoint& size = geometry_.shape(item, pose.orientation).size;
  return {{x, y}, {x + size[0], y + size[1]}};
}

bool MacroSpace::inside(Item item, const LatticeBox& box, Orientation orientation) const {
  const MacroGeometry::Shape& shape = geometry_.shape(item, orientation);
  return all_hold(box.lo[0] >= shape.min_lo[0],
                  box.lo[1] >= shape.min_lo[1],
                  box.lo[0] <= shape.max_lo[0],
                  box.lo[1] <= shape.max_lo[1]);
}

MacroSpace::BucketRange MacroSpace::buckets_of(const LatticeBox& box) const {
  BucketRange range;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int32_t end = num_buckets_[axis] - 1;
    range.first[axis] = std::clamp(box.lo[axis] >> shift_[axis], 0, end);
    range.last[axis] = std::clamp((box.hi[axis] - 1) >> shift_[axis], range.first[axis], end);
  }
  return range;
}

template <typename Accept>
bool MacroSpace::all_conflicts(const LatticeBox& box, Item self, Accept accept) const {
  const BucketRange range = buckets_of(box);
  for (std::int32_t row = range.first[1]; row <= range.last[1]; ++row) {
    for (std::int32_t col = range.first[0]; col <= range.last[0]; ++col) {
      for (Slot slot = heads_[bucket(col, row)]; slot != kNone; slot = entries_[slot].next) {
        const Item item = entries_[slot].item;
        if (box.overlaps(boxes_[item]) && item != self && !accept(item)) {
          return false;
        }
      }
    }
  }
  return true;
}

cost::NodeMove MacroSpace::snap(const cost::NodeMove& pose) const {
  return {pose.node,
          snap_x(pose.node, pose.x, pose.orientation),
          snap_y(pose.node, pose.y, pose.orientation),
          pose.orientation};
}

double MacroSpace::snap_x(NodeId macro, double x, Orientation orientation) const {
  return snap_on(0, item_of(macro), x, orientation);
}

double MacroSpace::snap_y(NodeId macro, double y, Orientation orientation) const {
  return snap_on(1, item_of(macro), y, orientation);
}

double MacroSpace::snap_on(std::size_t axis,
                           Item item,
                           double centre,
                           Orientation orientation) const {
  const MacroGeometry::Shape& shape = geometry_.shape(item, orientation);
  const std::int32_t lowest = shape.min_lo[axis];
  const std::int32_t highest = std::max(shape.max_lo[axis], lowest);
  const std::int32_t corner = geometry_.corner(item, centre, axis, orientation);
  return geometry_.centre(item, std::clamp(corner, lowest, highest), axis, orientation);
}

cost::NodeMove MacroSpace::pose(NodeId macro) const {
  const Item item = item_of(macro);
  const Orientation orientation = orientations_[item];
  return {macro,
          geometry_.centre(item, boxes_[item].lo[0], 0, orientation),
          geometry_.centre(item, boxes_[item].lo[1], 1, orientation),
          orientation};
}

bool MacroSpace::fits(const cost::NodeMove& pose) const {
  const Item item = item_of(pose.node);
  const LatticeBox box = box_at(item, pose);
  return inside(item, box, pose.orientation) &&
         all_conflicts(box, item, [](Item) { return false; });
}

bool MacroSpace::fits(std::span<const cost::NodeMove> poses) const {
  const auto moves_too = [&](Item other) {
    return std::any_of(poses.begin(), poses.end(), [&](const cost::NodeMove& pose) {
      return item_of(pose.node) == other;
    });
  };
  for (std::size_t i = 0; i < poses.size(); ++i) {
    const Item item = item_of(poses[i].node);
    const LatticeBox box = box_at(item, poses[i]);
    if (!inside(item, box, poses[i].orientation) || !all_conflicts(box, item, moves_too)) {
      return false;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (box.overlaps(box_at(item_of(poses[j].node), poses[j]))) {
        return false;
      }
    }
  }
  return true;
}

void MacroSpace::link(Item item) {
  const BucketRange range = buckets_of(boxes_[item]);
  Slot slot = first_slot_[item];
  for (std::int32_t row = range.first[1]; row <= range.last[1]; ++row) {
    for (std::int32_t col = range.first[0]; col <= range.last[0]; ++col, ++slot) {
      Slot& head = heads_[bucket(col, row)];
      entries_[slot].previous = kNone;
      entries_[slot].next = head;
      if (head != kNone) {
        entries_[head].previous = slot;
      }
      head = slot;
    }
  }
}

void MacroSpace::unlink(Item item) {
  const BucketRange range = buckets_of(boxes_[item]);
  Slot slot = first_slot_[item];
  for (std::int32_t row = range.first[1]; row <= range.last[1]; ++row) {
    for (std::int32_t col = range.first[0]; col <= range.last[0]; ++col, ++slot) {
      const Entry& entry = entries_[slot];
      (entry.previous == kNone ? heads_[bucket(col, row)] : entries_[entry.previous].next) =
          entry.next;
      if (entry.next != kNone) {
        entries_[entry.next].previous = entry.previous;
      }
    }
  }
}

void MacroSpace::move(const cost::NodeMove& pose) {
  remove(pose.node);
  const Item item = item_of(pose.node);
  boxes_[item] = box_at(item, pose);
  orientations_[item] = pose.orientation;
  link(item);
  present_[item] = 1;
}

void MacroSpace::move(std::span<const cost::NodeMove> poses) {
  for (const cost::NodeMove& pose : poses) {
    move(pose);
  }
}

void MacroSpace::remove(NodeId macro) {
  const Item item = item_of(macro);
  if (present_[item] != 0) {
    unlink(item);
    present_[item] = 0;
  }
}

double MacroSpace::travel(Item item, std::size_t axis, int direction) const {
  const std::size_t across = 1 - axis;
  const LatticeBox& box = boxes_[item];
  const bool up = direction > 0;
  const MacroGeometry::Shape& shape = geometry_.shape(item, orientations_[item]);
  std::int32_t best =
      std::max(0, up ? shape.max_lo[axis] - box.lo[axis] : box.lo[axis] - shape.min_lo[axis]);

  const BucketRange range = buckets_of(box);
  LatticePoint at{};
  for (at[axis] = up ? range.first[axis] : range.last[axis];
       at[axis] >= 0 && at[axis] < num_buckets_[axis];
       at[axis] += direction) {
    const std::int32_t near_edge = (at[axis] + (up ? 0 : 1)) << shift_[axis];
    if (up ? near_edge >= box.hi[axis] + best : near_edge <= box.lo[axis] - best) {
      break;
    }
    for (at[across] = range.first[across]; at[across] <= range.last[across]; ++at[across]) {
      for (Slot slot = heads_[bucket(at[0], at[1])]; slot != kNone; slot = entries_[slot].next) {
        const LatticeBox& other = boxes_[entries_[slot].item];
        if (entries_[slot].item == item || !box.overlaps(other, across)) {
          continue;
        }
        const std::int32_t distance =
            up ? other.lo[axis] - box.hi[axis] : box.lo[axis] - other.hi[axis];
        if (distance >= 0 || box.overlaps(other, axis)) {
          best = std::min(best, std::max(distance, 0));
        }
      }
    }
  }
  return geometry_.lattice[axis].um(best);
}

FreeTravel MacroSpace::free_travel(NodeId macro) const {
  const Item item = item_of(macro);
  return {travel(item, 0, -1), travel(item, 0, +1), travel(item, 1, -1), travel(item, 1, +1)};
}

bool MacroSpace::legal() const {
  return std::all_of(macros().begin(), macros().end(), [this](NodeId macro) {
    const Item item = item_of(macro);
    return present_[item] != 0 && inside(item, boxes_[item], orientations_[item]) &&
           all_conflicts(boxes_[item], item, [](Item) { return false; });
  });
}

void MacroSpace::write(Placement& placement) const {
  for (const NodeId macro : macros()) {
    const cost::NodeMove at = pose(macro);
    placement.x[macro.index()] = at.x;
    placement.y[macro.index()] = at.y;
    placement.orientation[macro.index()] = at.orientation;
  }
}

}  // namespace tessera::placer
