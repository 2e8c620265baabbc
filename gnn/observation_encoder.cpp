#include "gnn/observation_encoder.h"

#include <algorithm>
#include <cmath>

#include "placer/cell_centre.h"

namespace tessera::gnn {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using placer::CellIndex;
using placer::MacroGraph;
using placer::MacroProblem;

namespace {

enum Feature : std::size_t {
  kX,
  kY,
  kWidth,
  kHeight,
  kIsHard,
  kIsSoft,
  kIsPort,
  kIsPlaced,
  kIsCurrent,
  kEdgeWeight
};

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

std::vector<float> make_metadata(const MacroProblem& problem) {
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
  const double weights = cost.weights.wirelength + cost.weights.density + cost.weights.congestion;
  const auto share = [weights](double weight) {
    return static_cast<float>(weights > 0.0 ? weight / weights : 0.0);
  };
  return {
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
      share(cost.weights.wirelength),
      share(cost.weights.density),
      share(cost.weights.congestion),
  };
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
  fill_weights();
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

void ObservationEncoder::fill_weights() {
  std::vector<double> sums(edges_->num_vertices(), 0.0);
  for (const EdgeList::Edge& edge : edges_->edges()) {
    sums[edge.a] += edge.weight;
    sums[edge.b] += edge.weight;
  }
  for (std::size_t v = 0; v < sums.size(); ++v) {
    start_[v * kNodeFeatures + kEdgeWeight] = static_cast<float>(0.25 * std::log1p(sums[v]));
  }
}

void ObservationEncoder::write_nodes(std::span<const CellIndex> actions,
                                     int stride,
                                     float* nodes,
                                     std::int64_t* cells) const {
  const Canvas& canvas = problem_.canvas();
  std::copy(start_.begin(), start_.end(), nodes);
  for (std::size_t step = 0; step < actions.size(); ++step) {
    float* const features = nodes + problem_.vertex_of_step(step) * kNodeFeatures;
    const placer::CellCentre centre = placer::cell_centre(canvas, actions[step]);
    features[kX] = static_cast<float>(centre.x / scale_);
    features[kY] = static_cast<float>(centre.y / scale_);
    features[kIsPlaced] = 1.0F;
  }
  nodes[problem_.vertex_of_step(actions.size()) * kNodeFeatures + kIsCurrent] = 1.0F;
  const auto cell_of = [this](float position, double cell_length, int count) {
    return std::clamp(static_cast<int>(position * scale_ / cell_length), 0, count - 1);
  };
  for (std::int64_t v = 0; v < num_vertices(); ++v) {
    const float* const features = nodes + v * kNodeFeatures;
    cells[v] = cell_of(features[kX], canvas.cell_width(), canvas.grid.cols) +
               std::int64_t{stride} * cell_of(features[kY], canvas.cell_height(), canvas.grid.rows);
  }
}

void ObservationEncoder::flip_x(std::span<float> nodes, std::span<std::int64_t> cells) const {
  const auto width = static_cast<float>(problem_.canvas().width / scale_);
  const std::int64_t cols = problem_.canvas().grid.cols;
  for (std::size_t i = kX; i < nodes.size(); i += kNodeFeatures) {
    nodes[i] = width - nodes[i];
  }
  for (std::int64_t& cell : cells) {
    cell += cols - 1 - 2 * (cell % cols);
  }
}

void ObservationEncoder::flip_y(std::span<float> nodes, std::span<std::int64_t> cells) const {
  const auto height = static_cast<float>(problem_.canvas().height / scale_);
  const std::int64_t cols = problem_.canvas().grid.cols;
  const std::int64_t rows = problem_.canvas().grid.rows;
  for (std::size_t i = kY; i < nodes.size(); i += kNodeFeatures) {
    nodes[i] = height - nodes[i];
  }
  for (std::int64_t& cell : cells) {
    cell += cols * (rows - 1 - 2 * (cell / cols));
  }
}

void ObservationEncoder::write_metadata(const StepMetadata* step, float* metadata) const {
  float* const rest = std::copy(metadata_.begin(), metadata_.end(), metadata);
  if (step != nullptr) {
    std::copy(step->begin(), step->end(), rest);
  } else {
    std::fill_n(rest, kStepMetadata, 0.0F);
  }
}

StepMetadata observe_state(placer::CanvasObserver& observer,
                           const placer::MacroEnv& env,
                           std::span<float> canvas) {
  const placer::CanvasScales scales = observer.observe(env, canvas);
  StepMetadata step{};
  step[0] =
      static_cast<float>(env.num_placed()) / static_cast<float>(env.problem().macros().size());
  step[1] = static_cast<float>(env.running_cost().proxy());
  for (std::size_t i = 0; i < scales.deltas.size(); ++i) {
    // Changes lie between a thousandth and a million times less.
    step[2 + i] = static_cast<float>(1.0 + std::log10(std::max(scales.deltas[i].mean, 1e-9)) / 4.0);
  }
  return step;
}

}  // namespace tessera::gnn
