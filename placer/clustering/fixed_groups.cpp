#include "placer/clustering/fixed_groups.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace tessera::placer {
namespace {

using netlist_io::Canvas;

/// Sides in the order in which their groups are numbered.
enum class Edge : std::uint8_t { kTop, kRight, kBottom, kLeft };

/// Which of the four triangles between the diagonals of the canvas holds the point.
Edge nearest_edge(double x, double y, const Canvas& canvas) {
  const bool above_rising = y * canvas.width > x * canvas.height;
  const bool above_falling = y * canvas.width > (canvas.width - x) * canvas.height;
  if (above_rising) {
    return above_falling ? Edge::kTop : Edge::kLeft;
  }
  return above_falling ? Edge::kRight : Edge::kBottom;
}

class Grouper {
 public:
  Grouper(const FlatGraph& graph, const Canvas& canvas) : graph_(graph), canvas_(canvas) {
    groups_.group_of.assign(graph.num_vertices(), kNoGroup);
  }

  FixedGroups run(int logic_levels) {
    group_macro_pins();
    group_ports();
    for (int level = 0; level < logic_levels; ++level) {
      expand();
    }
    return std::move(groups_);
  }

 private:
  void group_macro_pins() {
    // Macros may stand behind their pins in the file: the groups count the macros.
    std::vector<std::int32_t> group_of_node(graph_.num_vertices(), kNoGroup);
    std::vector<bool> has_pins(graph_.num_vertices(), false);
    for_each(VertexKind::kMacroPin,
             [&](std::uint32_t pin) { has_pins[graph_.node[pin].index()] = true; });
    for_each(VertexKind::kMacro, [&](std::uint32_t macro) {
      const std::size_t node = graph_.node[macro].index();
      if (has_pins[node]) {
        group_of_node[node] = groups_.num_groups++;
      }
    });
    for_each(VertexKind::kMacroPin, [&](std::uint32_t pin) {
      groups_.group_of[pin] = group_of_node[graph_.node[pin].index()];
    });
  }

  void group_ports() {
    std::array<std::vector<std::uint32_t>, 4> ports;
    for_each(VertexKind::kPort, [&](std::uint32_t port) {
      const Edge edge = nearest_edge(graph_.x[port], graph_.y[port], canvas_);
      ports[static_cast<std::size_t>(edge)].push_back(port);
    });
    group_edge(ports[static_cast<std::size_t>(Edge::kTop)], graph_.x, canvas_.cell_width());
    group_edge(ports[static_cast<std::size_t>(Edge::kRight)], graph_.y, canvas_.cell_height());
    group_edge(ports[static_cast<std::size_t>(Edge::kBottom)], graph_.x, canvas_.cell_width());
    group_edge(ports[static_cast<std::size_t>(Edge::kLeft)], graph_.y, canvas_.cell_height());
  }

  /// Cuts the ports of one side, sorted by their coordinate along it, into runs of `length`.
  void group_edge(std::vector<std::uint32_t>& ports,
                  const std::vector<double>& along,
                  double length) {
    std::stable_sort(ports.begin(), ports.end(), [&](std::uint32_t a, std::uint32_t b) {
      return along[a] < along[b];
    });
    double start = 0.0;
    for (std::size_t i = 0; i < ports.size(); ++i) {
      if (i == 0 || along[ports[i]] - start > length) {
        start = along[ports[i]];
        ++groups_.num_groups;
      }
      groups_.group_of[ports[i]] = groups_.num_groups - 1;
    }
  }

  /// Lets the standard cells next to a group join the first group in vertex order. Those that join
  /// do not attract others before the next level.
  void expand() {
    const GroupOf before = groups_.group_of;
    // The lowest grouped neighbour of each cell, which is the first to claim it.
    std::vector<std::uint32_t> claimed_by(graph_.num_vertices(), kNobody);
    const auto claim = [&](std::uint32_t cell, std::uint32_t by) {
      if (graph_.kind[cell] == VertexKind::kStdCell && before[cell] == kNoGroup &&
          before[by] != kNoGroup) {
        claimed_by[cell] = std::min(claimed_by[cell], by);
      }
    };
    for (std::size_t net = 0; net < graph_.num_nets(); ++net) {
      const std::span<const std::uint32_t> vertices = graph_.net(net);
      for (const std::uint32_t sink : vertices.subspan(1)) {
        claim(sink, vertices.front());
        claim(vertices.front(), sink);
      }
    }
    for (std::size_t cell = 0; cell < claimed_by.size(); ++cell) {
      if (claimed_by[cell] != kNobody) {
        groups_.group_of[cell] = before[claimed_by[cell]];
      }
    }
  }

  template <typename Visit>
  void for_each(VertexKind kind, Visit visit) const {
    for (std::size_t vertex = 0; vertex < graph_.num_vertices(); ++vertex) {
      if (graph_.kind[vertex] == kind) {
        visit(static_cast<std::uint32_t>(vertex));
      }
    }
  }

  static constexpr std::uint32_t kNobody = ~std::uint32_t{0};

  const FlatGraph& graph_;
  const Canvas& canvas_;
  FixedGroups groups_;
};

}  // namespace

FixedGroups find_fixed_groups(const FlatGraph& graph, const Canvas& canvas, int logic_levels) {
  return Grouper(graph, canvas).run(logic_levels);
}

}  // namespace tessera::placer
