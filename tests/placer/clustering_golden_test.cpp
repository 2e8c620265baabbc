#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "netlist_io/canvas.h"
#include "netlist_io/file.h"
#include "netlist_io/netlist.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/placement.h"
#include "netlist_io/sha256.h"
#include "placer/clustering/clustering.h"
#include "placer/clustering/fixed_groups.h"
#include "placer/clustering/flat_graph.h"
#include "placer/clustering/flat_placement.h"
#include "placer/clustering/hypergraph.h"

namespace {

using nlohmann::json;
using tessera::netlist_io::Canvas;
using tessera::netlist_io::format_netlist;
using tessera::netlist_io::NetId;
using tessera::netlist_io::Netlist;
using tessera::netlist_io::NodeId;
using tessera::netlist_io::NumberPrecision;
using tessera::netlist_io::NumberStyle;
using tessera::netlist_io::Offset;
using tessera::netlist_io::PinId;
using tessera::netlist_io::Placement;
using tessera::netlist_io::read_file;
using tessera::placer::cluster_netlist;
using tessera::placer::ClusteringOptions;
using tessera::placer::ClusteringResult;
using tessera::placer::find_fixed_groups;
using tessera::placer::FixedGroups;
using tessera::placer::FlatGraph;
using tessera::placer::FlatPlacementOptions;
using tessera::placer::format_groups;
using tessera::placer::format_hypergraph;
using tessera::placer::make_flat_graph;
using tessera::placer::place_flat_netlist;
using tessera::placer::read_partition;

/// The public files of one block.
struct Block {
  Netlist flat;
  Placement placement;
  Canvas canvas;
  json golden;
  std::filesystem::path grouping;
  std::filesystem::path clustered;
};

json read_json(const std::filesystem::path& path) {
  std::ifstream file(path);
  return json::parse(file);
}

Block read_block(const std::filesystem::path& benchmarks, const std::string& name) {
  Block block;
  const std::string path = benchmarks / "flat" / (name + ".pb.txt.gz");
  // The published clusters were made from a netlist in protobuf floats.
  block.flat = tessera::netlist_io::read_netlist({&path, 1}, NumberPrecision::kFloat32).netlist;
  block.placement = Placement(block.flat);
  block.golden = read_json(benchmarks / "flat" / "golden_flat.json").at(name).at("grouping");
  const json grid =
      read_json(benchmarks / "golden.json").at("designs").at(name).at("grid_cols_rows");
  block.canvas.width = std::sqrt(block.flat.total_area() / 0.6);
  block.canvas.height = block.canvas.width;
  block.canvas.grid = {grid.at(0).get<int>(), grid.at(1).get<int>()};
  block.grouping = benchmarks / "grouping" / name;
  block.clustered = benchmarks / "clustered" / name / "netlist.pb.txt.gz";
  return block;
}

void check_partition_input(const Block& block) {
  const ClusteringOptions options;
  const FlatGraph graph = make_flat_graph(block.flat, block.placement, options.max_fanout);
  const std::string text = format_hypergraph(graph);
  CHECK(text.size() == block.golden.at("metis_input_bytes").get<std::size_t>());
  CHECK(tessera::netlist_io::sha256_hex(text) == block.golden.at("metis_input_sha256"));
  const FixedGroups fixed = find_fixed_groups(graph, block.canvas, options.logic_levels);
  const bool same_groups =
      format_groups(fixed.group_of) == read_file(block.grouping / "metis_input.fix.gz");
  CHECK(same_groups);
}

void check_counts(const ClusteringResult& result, const json& golden) {
  CHECK(result.counts.fixed_groups == golden.at("fixed_groups"));
  CHECK(result.counts.after_partition == golden.at("groups_after_metis"));
  CHECK(result.counts.after_breakup == golden.at("groups_after_breakup"));
  CHECK(result.counts.after_merge == golden.at("groups_after_merge"));
  CHECK(result.counts.merge_passes == golden.at("merge_passes"));
  CHECK(result.thresholds.merge_vertices == golden.at("merge_threshold_nodes"));
  const auto close = [&](double value, const char* key) {
    CHECK(value == doctest::Approx(golden.at(key).get<double>()).epsilon(1e-14));
  };
  close(result.thresholds.breakup_um, "breakup_threshold");
  close(result.thresholds.closeness_um, "closeness");
}

void check_clusters(const Block& block) {
  const std::string parts = std::to_string(block.golden.at("hmetis_parts").get<int>());
  const std::string path = block.grouping / ("metis_input.part." + parts + ".gz");
  const std::size_t num_vertices = block.flat.num_nodes() + block.flat.num_pins() -
                                   block.flat.ports().size() - block.flat.std_cells().size();
  const ClusteringResult result = cluster_netlist(
      block.flat, block.placement, block.canvas, {}, read_partition(path, num_vertices));
  check_counts(result, block.golden);
  const bool same_groups =
      format_groups(result.group_of) == read_file(block.grouping / "groups.final.gz");
  CHECK(same_groups);
  const bool same_netlist =
      format_netlist(result.netlist, NumberStyle::kFloat32) == read_file(block.clustered);
  CHECK(same_netlist);
}

/// Half-perimeters of all nets, microns.
double wirelength(const Netlist& netlist, const Placement& placement) {
  double total = 0.0;
  for (std::size_t i = 0; i < netlist.num_nets(); ++i) {
    double x0 = 1e9, x1 = -1e9, y0 = 1e9, y1 = -1e9;
    for (const PinId pin : netlist.pins_of(NetId(i))) {
      const std::size_t node = netlist.pin_node(pin).index();
      const Offset offset = transform(netlist.pin_offset(pin), placement.orientation[node]);
      const double x = placement.x[node] + offset.x;
      const double y = placement.y[node] + offset.y;
      x0 = std::min(x0, x), x1 = std::max(x1, x), y0 = std::min(y0, y), y1 = std::max(y1, y);
    }
    total += x1 - x0 + y1 - y0;
  }
  return total;
}

}  // namespace

TEST_CASE("our own partitions leave about as many clusters, nets and pins as the published ones") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const Block block = read_block(benchmarks, "ng45_ariane133");
  const ClusteringResult result = cluster_netlist(block.flat, block.placement, block.canvas);
  // Published: 782 clusters, 12422 nets, 44514 pins.
  CHECK(result.counts.clusters > 700);
  CHECK(result.counts.clusters < 900);
  CHECK(result.netlist.num_nets() < 14000);
  CHECK(result.netlist.num_pins() < 47000);
}

TEST_CASE("cells placed without knowing their positions have wires not much longer") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const Block block = read_block(benchmarks, "ng45_ariane133");
  Placement unknown = block.placement;
  for (const NodeId cell : block.flat.std_cells()) {
    unknown.x[cell.index()] = unknown.y[cell.index()] = 0.0;
    unknown.placed[cell.index()] = 0;
  }
  Canvas canvas = block.canvas;
  canvas.width = canvas.height = 1600.0;  // the floorplan of the published positions
  FlatPlacementOptions options;
  options.hold_placed_macros = true;
  const Placement placed = place_flat_netlist(block.flat, canvas, unknown, options);
  CHECK(wirelength(block.flat, placed) < 1.35 * wirelength(block.flat, block.placement));
}

TEST_CASE("the published clusters come out of the published partitions, byte for byte") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  int num_blocks = 0;
  for (const auto& entry : std::filesystem::directory_iterator(benchmarks / "grouping")) {
    const std::string name = entry.path().filename();
    CAPTURE(name);
    const Block block = read_block(benchmarks, name);
    CHECK(block.canvas.width ==
          doctest::Approx(block.golden.at("canvas").get<double>()).epsilon(1e-14));
    check_partition_input(block);
    check_clusters(block);
    ++num_blocks;
  }
  CHECK(num_blocks == 8);
}
