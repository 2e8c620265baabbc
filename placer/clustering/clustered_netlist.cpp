#include "placer/clustering/clustered_netlist.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <utility>

#include "placer/clustering/group_shapes.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NetlistRecords;
using netlist_io::NetRecord;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::NodeRecord;
using netlist_io::PinId;
using netlist_io::PinRecord;
using netlist_io::Placement;

/// A sink: cluster g is -g - 1, any other terminal its vertex. Sinks are listed by ascending key.
using SinkKey = std::int64_t;
using SinkKeys = std::vector<SinkKey>;

/// A net whose sinks have no pins yet.
struct DraftNet {
  PinId driver;
  SinkKeys sinks;
  double weight = 1.0;
};

class Maker {
 public:
  Maker(const Netlist& flat,
        const Placement& placement,
        const FlatGraph& graph,
        const GroupOf& group_of,
        const Canvas& canvas,
        double utilisation)
      : flat_(flat),
        placement_(placement),
        graph_(graph),
        group_of_(group_of),
        canvas_(canvas),
        utilisation_(utilisation),
        num_ids_(count_ids(group_of)),
        shapes_(measure_groups(graph, group_of, num_ids_)) {}

  ClusteredNetlist make() {
    records_.soft_macro_area_bloating_ratio = 1.0 / utilisation_;
    find_clusters();
    copy_nodes();
    copy_pins();
    add_clusters();
    connect();
    return {Netlist(std::move(records_)), std::move(node_of_)};
  }

 private:
  void find_clusters() {
    is_cluster_.assign(shapes_.size(), false);
    for (std::size_t vertex = 0; vertex < graph_.num_vertices(); ++vertex) {
      if (graph_.kind[vertex] != VertexKind::kStdCell) {
        continue;
      }
      if (group_of_[vertex] == kNoGroup) {
        throw std::invalid_argument("standard cell \"" + flat_.name(graph_.node[vertex]) +
                                    "\" has no group");
      }
      is_cluster_[static_cast<std::size_t>(group_of_[vertex])] = true;
    }
  }

  /// Ports and hard macros; numbers what stays of the file.
  void copy_nodes() {
    node_of_.resize(flat_.num_nodes());
    file_index_.resize(graph_.num_vertices());
    for (std::size_t vertex = 0; vertex < graph_.num_vertices(); ++vertex) {
      const VertexKind kind = graph_.kind[vertex];
      if (kind == VertexKind::kStdCell) {
        continue;
      }
      file_index_[vertex] = next_file_index_++;
      if (kind != VertexKind::kMacroPin) {
        const NodeId id = graph_.node[vertex];
        NodeRecord node = flat_.node(id);
        node.x = placement_.x[id.index()];
        node.y = placement_.y[id.index()];
        node.orientation = placement_.orientation[id.index()];
        node.file_index = file_index_[vertex];
        if (node.name.starts_with(netlist_io::kSoftMacroPrefix)) {
          taken_.insert(node.name);
        }
        node_of_[id.index()] = NodeId(records_.nodes.size());
        records_.nodes.push_back(std::move(node));
      }
    }
  }

  /// Pins of ports and hard macros, in file order.
  void copy_pins() {
    std::vector<std::optional<PinId>> flat_pin(graph_.num_vertices());
    for (std::size_t i = 0; i < flat_.num_pins(); ++i) {
      flat_pin[flat_.pin(PinId(i)).file_index] = PinId(i);
    }
    pin_of_vertex_.resize(graph_.num_vertices());
    for (std::size_t vertex = 0; vertex < graph_.num_vertices(); ++vertex) {
      if (graph_.kind[vertex] == VertexKind::kStdCell || !flat_pin[vertex]) {
        continue;
      }
      PinRecord pin = flat_.pin(*flat_pin[vertex]);
      pin.node = node_of_[pin.node.index()];
      pin.file_index = file_index_[vertex];
      pin_of_vertex_[vertex] = PinId(records_.pins.size());
      records_.pins.push_back(std::move(pin));
    }
  }

  void add_clusters() {
    std::vector<std::vector<std::size_t>> driven_nets(shapes_.size());
    for (std::size_t net = 0; net < graph_.num_nets(); ++net) {
      const std::uint32_t driver = graph_.net(net).front();
      if (graph_.kind[driver] == VertexKind::kStdCell) {
        driven_nets[static_cast<std::size_t>(group_of_[driver])].push_back(net);
      } else {
        add_draft(pin_of_vertex_[driver], sink_keys(net, std::nullopt), graph_.net_weight[net]);
      }
    }
    input_pin_.resize(shapes_.size());
    std::vector<NodeId> node_of_group(shapes_.size());
    for (std::size_t group = 0; group < shapes_.size(); ++group) {
      if (is_cluster_[group]) {
        node_of_group[group] = add_cluster_node(group);
        add_outputs(group, node_of_group[group], driven_nets[group]);
        input_pin_[group] = add_pin(node_of_group[group], "Pinput", 1.0);
      }
    }
    for (std::size_t vertex = 0; vertex < graph_.num_vertices(); ++vertex) {
      if (graph_.kind[vertex] == VertexKind::kStdCell) {
        node_of_[graph_.node[vertex].index()] =
            node_of_group[static_cast<std::size_t>(group_of_[vertex])];
      }
    }
  }

  NodeId add_cluster_node(std::size_t group) {
    const GroupShape& shape = shapes_[group];
    const bool has_area = shape.cell_area > 0.0;
    NodeRecord node;
    node.name = std::string(netlist_io::kSoftMacroPrefix) + std::to_string(group);
    while (taken_.contains(node.name)) {  // by a macro or a port
      node.name += "_";
    }
    node.kind = NodeKind::kSoftMacro;
    // As wide as a grid cell, as published, unless it were higher than the canvas then.
    const double area = shape.cell_area / utilisation_;
    node.width = std::max(canvas_.cell_width(), area / canvas_.height);
    node.height = area / node.width;
    node.x = has_area ? shape.x : 0.5 * (shape.x0 + shape.x1);
    node.y = has_area ? shape.y : 0.5 * (shape.y0 + shape.y1);
    node.file_index = next_file_index_++;
    records_.nodes.push_back(std::move(node));
    return NodeId(records_.nodes.size() - 1);
  }

  PinId add_pin(NodeId node, const std::string& name, double weight) {
    PinRecord pin;
    pin.node = node;
    pin.name = records_.nodes[node.index()].name + "/" + name;
    pin.weight = weight;
    pin.file_index = next_file_index_++;
    records_.pins.push_back(std::move(pin));
    return PinId(records_.pins.size() - 1);
  }

  /// Nets to several places first, each with a pin; then one pin for each single place.
  void add_outputs(std::size_t group, NodeId node, const std::vector<std::size_t>& nets) {
    std::map<SinkKey, double> single_weight;
    int num_multi = 0;
    for (const std::size_t net : nets) {
      SinkKeys sinks = sink_keys(net, group);
      if (sinks.size() == 1) {
        single_weight[sinks.front()] += graph_.net_weight[net];
      } else if (sinks.size() > 1) {
        const std::string name = "Poutput_multi_" + std::to_string(num_multi++);
        const double weight = graph_.net_weight[net];
        add_draft(add_pin(node, name, weight), std::move(sinks), weight);
      }
    }
    int num_single = 0;
    for (const auto& [sink, weight] : single_weight) {
      const std::string name = "Poutput_single_" + std::to_string(num_single++);
      add_draft(add_pin(node, name, weight), {sink}, weight);
    }
  }

  /// Distinct sinks of a net outside the cluster of its driver, ascending.
  SinkKeys sink_keys(std::size_t net, std::optional<std::size_t> own_group) const {
    SinkKeys keys;
    for (const std::uint32_t vertex : graph_.net(net).subspan(1)) {
      if (graph_.kind[vertex] != VertexKind::kStdCell) {
        keys.push_back(vertex);
      } else if (!own_group || group_of_[vertex] != static_cast<std::int32_t>(*own_group)) {
        keys.push_back(-SinkKey{group_of_[vertex]} - 1);
      }
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    return keys;
  }

  void add_draft(PinId driver, SinkKeys sinks, double weight) {
    if (!sinks.empty()) {
      drafts_.push_back({driver, std::move(sinks), weight});
    }
  }

  /// What a net weighs unless it says so itself.
  double usual_weight(PinId driver) const {
    const PinRecord& pin = records_.pins[driver.index()];
    return records_.nodes[pin.node.index()].kind == NodeKind::kPort ? 1.0 : pin.weight;
  }

  void connect() {
    for (const DraftNet& draft : drafts_) {
      NetRecord net{draft.driver, {}};
      for (const SinkKey key : draft.sinks) {
        net.sinks.push_back(key < 0 ? input_pin_[static_cast<std::size_t>(-key - 1)]
                                    : pin_of_vertex_[static_cast<std::size_t>(key)]);
      }
      if (draft.weight != usual_weight(draft.driver)) {
        net.weight = draft.weight;
      }
      records_.nets.push_back(std::move(net));
    }
  }

  const Netlist& flat_;
  const Placement& placement_;
  const FlatGraph& graph_;
  const GroupOf& group_of_;
  const Canvas& canvas_;
  double utilisation_;
  std::int32_t num_ids_;
  std::vector<GroupShape> shapes_;
  std::vector<bool> is_cluster_;           // [groups]
  std::vector<std::uint32_t> file_index_;  ///< in the new file [vertices]
  std::vector<PinId> pin_of_vertex_;       ///< of ports and macro pins [vertices]
  std::vector<PinId> input_pin_;           // [groups]
  std::uint32_t next_file_index_ = 0;
  NetlistRecords records_;
  std::vector<DraftNet> drafts_;
  std::vector<NodeId> node_of_;
  std::unordered_set<std::string> taken_;  ///< names of other nodes that look like clusters
};

}  // namespace

ClusteredNetlist make_clustered_netlist(const Netlist& flat,
                                        const Placement& placement,
                                        const FlatGraph& graph,
                                        const GroupOf& group_of,
                                        const Canvas& canvas,
                                        double utilisation) {
  return Maker(flat, placement, graph, group_of, canvas, utilisation).make();
}

}  // namespace tessera::placer
