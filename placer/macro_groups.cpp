#include "placer/macro_groups.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "netlist_io/errors.h"
#include "placer/legality.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NetlistRecords;
using netlist_io::NodeId;
using netlist_io::NodeRecord;
using netlist_io::Offset;
using netlist_io::Orientation;
using netlist_io::PinRecord;
using netlist_io::Placement;

namespace {

void check_size(const MacroGroups::Group& group, const Canvas& canvas) {
  const GroupShape& shape = group.shape;
  if (shape.width > canvas.width + kLegalityTolerance ||
      shape.height > canvas.height + kLegalityTolerance) {
    char sizes[128];
    std::snprintf(sizes,
                  sizeof sizes,
                  "\" is %.6g x %.6g um, larger than the canvas of %.6g x %.6g um",
                  shape.width,
                  shape.height,
                  canvas.width,
                  canvas.height);
    throw netlist_io::InfeasibleError("macro group \"" + group.source.name + sizes);
  }
}

constexpr std::size_t kNoGroup = std::numeric_limits<std::size_t>::max();

/// What a node of the original netlist has to do with groups.
struct Owner {
  std::size_t group = kNoGroup;
  const GroupMember* member = nullptr;
  bool first = false;  ///< of the group's members in the order of the netlist
};

std::vector<Owner> owners_of_nodes(const std::vector<MacroGroups::Group>& groups,
                                   std::size_t num_nodes) {
  std::vector<Owner> owners(num_nodes);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::vector<GroupMember>& members = groups[g].shape.members;
    const NodeId first = std::ranges::min(members, {}, &GroupMember::macro).macro;
    for (const GroupMember& member : members) {
      owners[member.macro.index()] = {g, &member, member.macro == first};
    }
  }
  return owners;
}

/// The group's macro, at the first member's place in the file.
NodeRecord record_of(const MacroGroups::Group& group, const NodeRecord& first) {
  NodeRecord record = first;
  record.name = group.source.name;
  record.orientation = Orientation::kN;
  record.width = group.shape.width;
  record.height = group.shape.height;
  return record;
}

/// The orientation of the group in which most of its members have that of the placement.
Orientation common_turn(const GroupShape& shape, const Placement& placement) {
  auto best = Orientation::kN;
  std::ptrdiff_t most = 0;
  for (unsigned o = 0; o < 8; ++o) {
    const auto by = static_cast<Orientation>(o);
    const auto agreeing =
        std::count_if(shape.members.begin(), shape.members.end(), [&](const GroupMember& member) {
          return turned(member.orientation, by) == placement.orientation[member.macro.index()];
        });
    if (shape.rule.allows(by) && agreeing > most) {
      most = agreeing;
      best = by;
    }
  }
  return best;
}

/// A placement of `size` nodes, to be filled in.
Placement blank_placement(std::size_t size) {
  Placement placement;
  placement.x.resize(size);
  placement.y.resize(size);
  placement.orientation.resize(size);
  placement.fixed.resize(size);
  placement.placed.resize(size);
  return placement;
}

void copy_node(const Placement& from, NodeId source, Placement& to, NodeId target) {
  to.x[target.index()] = from.x[source.index()];
  to.y[target.index()] = from.y[source.index()];
  to.orientation[target.index()] = from.orientation[source.index()];
  to.fixed[target.index()] = from.fixed[source.index()];
  to.placed[target.index()] = from.placed[source.index()];
}

}  // namespace

MacroGroups::MacroGroups(const Netlist& netlist,
                         const Canvas& canvas,
                         const Placement& placement,
                         std::vector<netlist_io::MacroGroup> groups,
                         const MacroSpaceOptions& space) {
  for (netlist_io::MacroGroup& source : groups) {
    GroupShape shape = make_group_shape(netlist, placement, source, space);
    groups_.push_back({std::move(source), std::move(shape), {}});
    check_size(groups_.back(), canvas);
  }
  make_netlist(netlist);
  make_space(space);
}

void MacroGroups::make_netlist(const Netlist& netlist) {
  const std::vector<Owner> owners = owners_of_nodes(groups_, netlist.num_nodes());
  NetlistRecords records = netlist.records();
  std::vector<NodeRecord> nodes;
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    const Owner& owner = owners[i];
    if (owner.group == kNoGroup) {
      node_of_.emplace_back(nodes.size());
      nodes.push_back(std::move(records.nodes[i]));
      continue;
    }
    Group& group = groups_[owner.group];
    if (owner.first) {
      group.node = NodeId(nodes.size());
      nodes.push_back(record_of(group, records.nodes[i]));
    }
    node_of_.push_back(group.node);
  }
  records.nodes = std::move(nodes);
  for (PinRecord& pin : records.pins) {
    if (const GroupMember* const member = owners[pin.node.index()].member) {
      const Offset offset = transform(pin.offset, member->orientation);
      pin.offset = {member->offset.x + offset.x, member->offset.y + offset.y};
    }
    pin.node = node_of_[pin.node.index()];
  }
  grouped_ = Netlist(std::move(records));
}

void MacroGroups::make_space(const MacroSpaceOptions& space) {
  space_ = space;
  std::vector<MacroRule> rules(grouped_.num_nodes());
  std::vector<Halo> halos(grouped_.num_nodes());
  const bool own_halos = space.spacing.own_halos && !space.spacing.own_halos->empty();
  for (std::size_t i = 0; i < node_of_.size(); ++i) {
    if (space.rules && !space.rules->empty()) {
      rules[node_of_[i].index()] = (*space.rules)[i];
    }
    if (own_halos) {
      halos[node_of_[i].index()] = (*space.spacing.own_halos)[i];
    }
  }
  for (const Group& group : groups_) {
    rules[group.node.index()] = group.shape.rule;
    halos[group.node.index()] = group.shape.halo;
  }
  space_.rules = std::make_shared<const std::vector<MacroRule>>(std::move(rules));
  if (own_halos) {
    space_.spacing.own_halos = std::make_shared<const std::vector<Halo>>(std::move(halos));
  }
}

void MacroGroups::collapse_group(const Group& group,
                                 const Placement& placement,
                                 Placement& grouped) const {
  const Orientation by = common_turn(group.shape, placement);
  const auto& members = group.shape.members;
  double x = 0.0;
  double y = 0.0;
  bool placed = true;
  for (const GroupMember& member : members) {
    const Offset offset = transform(member.offset, by);
    x += placement.x[member.macro.index()] - offset.x;
    y += placement.y[member.macro.index()] - offset.y;
    placed = placed && placement.placed[member.macro.index()] != 0;
  }
  const std::size_t node = group.node.index();
  grouped.x[node] = x / static_cast<double>(members.size());
  grouped.y[node] = y / static_cast<double>(members.size());
  grouped.orientation[node] = by;
  grouped.fixed[node] = 0;
  grouped.placed[node] = placed ? 1 : 0;
}

Placement MacroGroups::collapse(const Placement& placement) const {
  Placement grouped = blank_placement(grouped_.num_nodes());
  for (std::size_t i = 0; i < node_of_.size(); ++i) {
    copy_node(placement, NodeId(i), grouped, node_of_[i]);
  }
  for (const Group& group : groups_) {
    collapse_group(group, placement, grouped);
  }
  return grouped;
}

Placement MacroGroups::expand(const Placement& grouped) const {
  Placement placement = blank_placement(node_of_.size());
  for (std::size_t i = 0; i < node_of_.size(); ++i) {
    copy_node(grouped, node_of_[i], placement, NodeId(i));
  }
  for (const Group& group : groups_) {
    const Orientation by = grouped.orientation[group.node.index()];
    for (const GroupMember& member : group.shape.members) {
      const Offset offset = transform(member.offset, by);
      placement.x[member.macro.index()] += offset.x;
      placement.y[member.macro.index()] += offset.y;
      placement.orientation[member.macro.index()] = turned(member.orientation, by);
    }
  }
  return placement;
}

}  // namespace tessera::placer
