#include "gnn/observation_encoder.h"

#include <algorithm>
#include <cmath>

namespace tessera::gnn {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using placer::CellIndex;
using placer::MacroGraph;
using placer::MacroProblem;

namespace {

enum Feature : std::size_t { kX, kY, kWidth, kHeight, kIsHard, kIsSoft, kIsPort, kIsPlaced };

std::shared_ptr<const EdgeList> make_edges(const MacroGraph& graph) {
  double sum = 0.0;
  for (const MacroGraph::Edge& edge : graph.edges) {
    sum += edge.weight;
  }
  const double mean = graph.edges.empty() ? 1.0 : sum / static_cast<double>(graph.edges.size());
  std::vector<EdgeList::Edge> edges;
  edges.reserve(graph.edges.size());
  for (const MacroGraph::Edge& edge : graph.edges) {
    edges.push_back({edge.a, edge.b, static_cast<float>(std::log1p(edge.weight / mean))});
  }
  return std::make_shared<const EdgeList>(graph.num_vertices(), std::move(edges));
}

torch::Tensor make_metadata(const MacroProblem& problem) {
  const Netlist& netlist = problem.netlist();
  const Canvas& canvas = problem.canvas();
  const cost::CostOptions& cost = problem.options().cost;
  const double scale = canvas.width + canvas.height;
  const auto log_count = [](std::size_t count) {
    return static_cast<float>(std::log1p(static_cast<double>(count)) / std::log(1e4));
  };
  // Routing tracks are counted across the whole canvas, in thousands. Nanometre-scale technologies
  // differ by an order of magnitude in canvas size, so the logarithm keeps the range.
  const auto log_tracks = [](double per_um, double length_um) {
    return static_cast<float>(std::log1p(per_um * length_um / 1000.0));
  };
  const std::array<float, kMetadataFeatures> values = {
      log_count(problem.graph().edges.size()),
      log_count(netlist.hard_macros().size()),
      log_count(netlist.soft_macros().size()),
      log_count(problem.graph().port_clusters.size()),
      log_tracks(cost.routes.horizontal, canvas.height),
      log_tracks(cost.routes.vertical, canvas.width),
      log_tracks(cost.macro_routes.horizontal, canvas.height),
      log_tracks(cost.macro_routes.vertical, canvas.width),
      static_cast<float>(canvas.grid.cols) / 128.0F,
      static_cast<float>(canvas.grid.rows) / 128.0F,
      static_cast<float>(canvas.width / scale),
      static_cast<float>(canvas.height / scale),
  };
  return torch::tensor(at::ArrayRef<float>(values.data(), values.size()));
}

}  // namespace

ObservationEncoder::ObservationEncoder(const MacroProblem& problem)
    : problem_(problem),
      scale_(problem.canvas().width + problem.canvas().height),
      start_(problem.graph().num_vertices() * kNodeFeatures, 0.0F),
      metadata_(make_metadata(problem)),
      edges_(make_edges(problem.graph())) {
  const MacroGraph& graph = problem.graph();
  for (std::size_t v = 0; v < graph.macros.size(); ++v) {
    fill_macro(v, graph.macros[v]);
  }
  for (std::size_t c = 0; c < graph.port_clusters.size(); ++c) {
    fill_port_cluster(graph.macros.size() + c, graph.port_clusters[c]);
  }
}

void ObservationEncoder::fill_macro(std::size_t vertex, NodeId node) {
  const netlist_io::Placement& start = problem_.start();
  const netlist_io::Rect box = start.box(problem_.netlist(), node);
  float* const features = start_.data() + vertex * kNodeFeatures;
  features[kX] = static_cast<float>(start.x[node.index()] / scale_);
  features[kY] = static_cast<float>(start.y[node.index()] / scale_);
  features[kWidth] = static_cast<float>(box.width() / scale_);
  features[kHeight] = static_cast<float>(box.height() / scale_);
  const bool soft = problem_.netlist().kind(node) == NodeKind::kSoftMacro;
  features[soft ? kIsSoft : kIsHard] = 1.0F;
  features[kIsPlaced] = start.placed[node.index()] != 0 ? 1.0F : 0.0F;
}

void ObservationEncoder::fill_port_cluster(std::size_t vertex, MacroGraph::PortCluster cluster) {
  const Canvas& canvas = problem_.canvas();
  // The centre of the cell; in border cells the border itself.
  const auto position = [](int index, int count, double length) {
    if (index == 0) {
      return 0.0;
    }
    return index == count - 1 ? length : (index + 0.5) * length / count;
  };
  float* const features = start_.data() + vertex * kNodeFeatures;
  features[kX] = static_cast<float>(position(cluster.col, canvas.grid.cols, canvas.width) / scale_);
  features[kY] =
      static_cast<float>(position(cluster.row, canvas.grid.rows, canvas.height) / scale_);
  features[kIsPort] = 1.0F;
  features[kIsPlaced] = 1.0F;
}

GraphBatch ObservationEncoder::encode(std::span<const std::span<const CellIndex>> episodes) const {
  const Canvas& canvas = problem_.canvas();
  const auto batch = static_cast<std::int64_t>(episodes.size());
  const auto vertices = static_cast<std::int64_t>(problem_.graph().num_vertices());
  const auto cols = static_cast<CellIndex>(canvas.grid.cols);

  GraphBatch result{torch::empty({batch, vertices, kNodeFeatures}),
                    torch::empty({batch}, torch::kInt64),
                    metadata_,
                    edges_,
                    canvas.grid};
  float* nodes = result.nodes.data_ptr<float>();
  auto* const current = result.current.data_ptr<std::int64_t>();
  for (std::size_t b = 0; b < episodes.size(); ++b, nodes += start_.size()) {
    std::copy(start_.begin(), start_.end(), nodes);
    for (std::size_t step = 0; step < episodes[b].size(); ++step) {
      float* const features = nodes + problem_.vertex_of_step(step) * kNodeFeatures;
      const CellIndex cell = episodes[b][step];
      features[kX] = static_cast<float>((cell % cols + 0.5) * canvas.cell_width() / scale_);
      features[kY] = static_cast<float>((cell / cols + 0.5) * canvas.cell_height() / scale_);
      features[kIsPlaced] = 1.0F;
    }
    current[b] = static_cast<std::int64_t>(problem_.vertex_of_step(episodes[b].size()));
  }
  return result;
}

}  // namespace tessera::gnn
