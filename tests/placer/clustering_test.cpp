#include "placer/clustering/clustering.h"

#include <cstddef>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/placer/flat_builder.h"
#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/rng.h"
#include "placer/clustering/clustered_netlist.h"
#include "placer/clustering/fixed_groups.h"
#include "placer/clustering/flat_graph.h"
#include "placer/clustering/flat_placement.h"
#include "placer/clustering/group_breakup.h"
#include "placer/clustering/group_merging.h"
#include "placer/clustering/hypergraph.h"
#include "placer/clustering/partitioner.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::OptionError;
using netlist_io::Orientation;
using netlist_io::ParseError;
using netlist_io::Placement;
using netlist_io::Rng;
using testing::FlatBuilder;
using testing::make_canvas;

constexpr int kNoLimit = 1'000'000;

FlatGraph flat_graph(const FlatBuilder& block, int max_fanout = kNoLimit) {
  const Netlist netlist = block.build();
  return make_flat_graph(netlist, Placement(netlist), max_fanout);
}

std::vector<std::uint32_t> net(const FlatGraph& graph, std::size_t index) {
  const auto vertices = graph.net(index);
  return {vertices.begin(), vertices.end()};
}

/// Bunches of 20 cells that drive each other, one bunch driving the next by a single net; a port
/// drives the first one.
Netlist bunches(int count, std::uint64_t seed) {
  constexpr std::uint32_t kCells = 20;
  Rng rng(seed);
  FlatBuilder block;
  const auto port = block.port(0.0, 0.0);
  for (int bunch = 0; bunch < count; ++bunch) {
    for (std::uint32_t i = 0; i < kCells; ++i) {
      block.cell(10.0 * bunch + rng.uniform(0.0, 5.0), rng.uniform(0.0, 5.0));
    }
  }
  block.connect(port, {1});
  for (int bunch = 0; bunch < count; ++bunch) {
    const std::uint32_t first = 1 + kCells * static_cast<std::uint32_t>(bunch);
    for (std::uint32_t i = 0; i < kCells; ++i) {
      const auto other = [&] { return first + static_cast<std::uint32_t>(rng.below(kCells)); };
      std::vector<std::uint32_t> sinks = {other(), other(), other()};
      if (i == 0 && bunch + 1 < count) {
        sinks.push_back(first + kCells);
      }
      block.connect(first + i, sinks);
    }
  }
  return block.build();
}

}  // namespace

TEST_CASE("a flat graph has the nets in the order of their drivers, without wide ones") {
  FlatBuilder block;
  const auto a = block.cell(0, 0);
  const auto b = block.cell(0, 0);
  const auto c = block.cell(0, 0);
  block.connect(c, {b, b, a});
  block.connect(b, {b, a});
  block.connect(a, {a, b, c});
  const FlatGraph graph = flat_graph(block, 2);
  REQUIRE(graph.num_nets() == 2);  // a has three sinks; those of c are two
  CHECK(net(graph, 0) == std::vector<std::uint32_t>{b, b, a});
  CHECK(net(graph, 1) == std::vector<std::uint32_t>{c, b, a});
  CHECK(format_hypergraph(graph) == "2 3\n2 2 1\n3 2 1\n");
}

TEST_CASE("macro pins stand where the orientation turns them") {
  FlatBuilder block;
  const auto south = block.macro(10, 20, 4, 4, Orientation::kS);
  const auto pin = block.pin(south, {1.0, -1.5});
  const FlatGraph graph = flat_graph(block);
  CHECK(graph.x[pin] == 9.0);
  CHECK(graph.y[pin] == 21.5);
  CHECK(graph.kind[south] == VertexKind::kMacro);
}

TEST_CASE("a flat graph is refused of soft macros, gaps in the file and foreign placements") {
  testing::BlockBuilder clustered;
  clustered.soft("Grp_1", 1, 1);
  const Netlist soft = clustered.build();
  CHECK_THROWS_AS(make_flat_graph(soft, Placement(soft), 500), std::invalid_argument);

  FlatBuilder block;
  block.cell(0, 0);
  block.cell(0, 0);
  netlist_io::NetlistRecords records = block.build().records();
  records.nodes[1].file_index = records.pins[1].file_index = 5;
  const Netlist gap(std::move(records));
  CHECK_THROWS_WITH_AS(make_flat_graph(gap, Placement(gap), 500),
                       doctest::Contains("file index 5"),
                       std::invalid_argument);
  CHECK_THROWS_AS(make_flat_graph(block.build(), Placement(), 500), std::invalid_argument);
}

TEST_CASE("fixed groups: macros, then ports by side in runs of a cell, then their neighbours") {
  //        t0  t1      t2            100 x 100 um, cells of 10 um
  //     l0               r0
  //              b0
  FlatBuilder block;
  const auto b0 = block.port(50, 0);
  const auto l0 = block.port(0, 40);
  const auto t2 = block.port(60.5, 100);
  const auto t1 = block.port(50.5, 100);
  const auto t0 = block.port(40.5, 100);
  const auto r0 = block.port(100, 40);
  block.macro(50, 50, 1, 1);  // no pins: no group
  const auto macro = block.macro(50, 50, 1, 1);
  const auto pin = block.pin(macro);
  const auto near = block.cell(1, 1);    // driven by both b0 and the pin: b0 comes first
  const auto sink = block.cell(1, 1);    // driven by the pin
  const auto driver = block.cell(1, 1);  // drives l0
  const auto second = block.cell(1, 1);  // next to a cell only
  block.connect(b0, {near});
  block.connect(pin, {near, sink});
  block.connect(driver, {l0});
  block.connect(sink, {second});
  const FlatGraph graph = flat_graph(block);
  const Canvas canvas = make_canvas(100, 100, 10, 10);
  const FixedGroups fixed = find_fixed_groups(graph, canvas, 1);
  CHECK(fixed.num_groups == 6);
  CHECK(fixed.group_of[macro] == kNoGroup);
  CHECK(fixed.group_of[pin] == 0);
  CHECK(fixed.group_of[t0] == 1);
  CHECK(fixed.group_of[t1] == 1);  // exactly a cell from the start of the run
  CHECK(fixed.group_of[t2] == 2);
  CHECK(fixed.group_of[r0] == 3);
  CHECK(fixed.group_of[b0] == 4);
  CHECK(fixed.group_of[l0] == 5);
  CHECK(fixed.group_of[near] == 4);
  CHECK(fixed.group_of[sink] == 0);
  CHECK(fixed.group_of[driver] == 5);
  CHECK(fixed.group_of[second] == kNoGroup);
  CHECK(find_fixed_groups(graph, canvas, 0).group_of[near] == kNoGroup);
  CHECK(find_fixed_groups(graph, canvas, 2).group_of[second] == 0);
}

TEST_CASE("long groups break up into tiles around the centroid of their cells") {
  FlatBuilder block;
  // Group 1, tiles of 10: centroid (9 * 0 + 1 * 20) / 10 = 2 by area; y within one tile.
  const auto big = block.cell(0, 0, 3, 3);
  const auto far = block.cell(20, 4);     // (20 - 2) / 10 = 1.8: tile 2
  const auto port = block.port(-3.5, 9);  // -0.55: tile -1; of the size 9 of y nothing follows
  const auto same = block.port(-3, 9);    // exactly -0.5: away from zero, tile -1
  // Group 0 is short enough: its box is exactly as long as allowed.
  const auto low = block.cell(50, 0);
  const auto high = block.cell(50, 10);
  GroupOf group_of = {1, 1, 1, 1, 0, 0};
  break_up_groups(flat_graph(block), 10.0, group_of);
  CHECK(group_of[low] == 0);
  CHECK(group_of[high] == 0);
  CHECK(group_of[big] == 1);
  CHECK(group_of[far] == 2);
  CHECK(group_of[port] == 3);
  CHECK(group_of[same] == 3);
}

TEST_CASE("a small group merges into the near one that it shares most nets with") {
  // Groups 0 and 2 of two cells, 1 of one cell, 3 far away.
  FlatBuilder block;
  const auto a = block.cell(0, 0);
  block.cell(0, 0);
  const auto small = block.cell(1, 1);
  const auto c = block.cell(2, 0);
  block.cell(2, 0);
  const auto far = block.cell(100, 0);
  block.cell(100, 0);
  GroupOf group_of = {0, 0, 1, 2, 2, 3, 3};
  block.connect(a, {small});
  block.connect(c, {small});
  for (const auto driver : {far, far}) {
    block.connect(driver, {small});
  }
  const MergeLimits limits = {1, 2.0};
  SUBCASE("of equal ones the lower id") {
    CHECK(merge_small_groups(flat_graph(block), limits, group_of) == 1);
    CHECK(group_of == GroupOf{0, 0, 0, 2, 2, 3, 3});
  }
  SUBCASE("the most connected one, each net counting once") {
    block.connect(small, {c, c + 1});
    CHECK(merge_small_groups(flat_graph(block), limits, group_of) == 1);
    CHECK(group_of == GroupOf{0, 0, 2, 2, 2, 3, 3});
  }
  SUBCASE("none if none is near") {
    CHECK(merge_small_groups(flat_graph(block), {1, 1.9}, group_of) == 1);
    CHECK(group_of == GroupOf{0, 0, 1, 2, 2, 3, 3});
  }
  SUBCASE("another pass follows if the united group is still small") {
    // 1 joins 0, which is then small no longer than three: 0 joins nobody, 2 joins 0's old place.
    const int passes = merge_small_groups(flat_graph(block), {3, 50.0}, group_of);
    CHECK(passes >= 2);
    CHECK(group_of[0] == group_of[2]);
    CHECK(group_of[2] == group_of[3]);
    CHECK(group_of[5] == 3);
  }
}

TEST_CASE("a macro is connected with its driving pins") {
  FlatBuilder block;
  const auto macro = block.macro(0, 0, 4, 4);
  const auto out = block.pin(macro);
  const auto in = block.pin(macro);
  const auto cell = block.cell(0, 0);
  block.connect(out, {cell});
  block.connect(cell, {in});
  GroupOf group_of = {1, 0, 0, 0};  // the macro alone in its group
  CHECK(merge_small_groups(flat_graph(block), {1, 1.0}, group_of) == 1);
  CHECK(group_of == GroupOf{0, 0, 0, 0});
}

TEST_CASE("partition files are read line by line") {
  CHECK(parse_partition("2\r\n0\n 1", "p", 3).part_of == std::vector<std::int32_t>{2, 0, 1});
  CHECK(parse_partition("0\n2\n0\n", "p", 3).num_parts == 3);
  CHECK_THROWS_WITH_AS(parse_partition("0\nx\n", "p", 2),
                       "p:2:1: the part of a vertex is \"x\", expected an integer from 0 to 1",
                       ParseError);
  CHECK_THROWS_WITH_AS(parse_partition("0\n-1\n", "p", 2), doctest::Contains("p:2:1"), ParseError);
  CHECK_THROWS_WITH_AS(parse_partition("0\n2\n", "p", 2), doctest::Contains("p:2:1"), ParseError);
  CHECK_THROWS_WITH_AS(parse_partition("0\n\n", "p", 2), doctest::Contains("p:2:1"), ParseError);
  CHECK_THROWS_WITH_AS(parse_partition("0\n0\n0\n", "p", 2),
                       "p:3:1: more lines than the 2 vertices of the netlist",
                       ParseError);
  CHECK_THROWS_WITH_AS(
      parse_partition("0\n", "p", 2), "p: parts of 1 vertices, but the netlist has 2", ParseError);
}

TEST_CASE("a clustered netlist has an input pin and merged outputs for each group of cells") {
  FlatBuilder block;
  const auto in = block.port(0, 0);
  const auto a = block.cell(0, 0, 1, 1);
  const auto out = block.port(9, 9);
  const auto b = block.cell(4, 8, 3, 1);
  const auto c = block.cell(5, 5, 2, 2);
  const auto macro = block.macro(6, 6, 2, 2);
  const auto pin = block.pin(macro, {1, 0});
  block.connect(in, {c, a, b, out});
  block.connect(a, {c, b});         // single: the net ends in cluster 3
  block.connect(b, {out, c, pin});  // multi
  block.connect(c, {c});            // vanishes
  block.connect(pin, {a, b});
  const Netlist flat = block.build();
  const Placement placement(flat);
  const FlatGraph graph = make_flat_graph(flat, placement, 500);
  const Canvas canvas = make_canvas(10, 10, 5, 5);
  GroupOf group_of = {kNoGroup, 1, 0, 1, 3, 3, 0};
  const ClusteredNetlist clustered =
      make_clustered_netlist(flat, placement, graph, group_of, canvas, 0.5);
  const Netlist& netlist = clustered.netlist;
  REQUIRE(netlist.soft_macros().size() == 2);
  const NodeId first = netlist.soft_macros()[0];
  const NodeId second = netlist.soft_macros()[1];
  CHECK(netlist.name(first) == "Grp_1");
  CHECK(netlist.name(second) == "Grp_3");
  CHECK(clustered.node_of[1] == first);
  CHECK(clustered.node_of[3] == first);
  CHECK(clustered.node_of[4] == second);
  CHECK(netlist.name(clustered.node_of[5]) == "n5");
  CHECK(netlist.width(first) == 2.0);
  CHECK(netlist.height(first) == 4.0);  // (1 + 3) / 0.5 / 2
  CHECK(netlist.node(first).x == 3.0);  // (1 * 0 + 3 * 4) / 4
  CHECK(netlist.node(first).y == 6.0);
  CHECK(netlist.soft_macro_area_bloating_ratio() == 2.0);

  const std::string text = netlist_io::format_netlist(netlist);
  const auto inputs_of = [&](const std::string& name) {
    std::string rest = text.substr(text.find("name: \"" + name + "\"\n"));
    rest = rest.substr(0, rest.find("  attr"));
    return rest.substr(rest.find('\n') + 1);
  };
  CHECK(inputs_of("n0") ==
        "  input: \"Grp_3/Pinput\"\n  input: \"Grp_1/Pinput\"\n  input: \"n2\"\n");
  CHECK(inputs_of("Grp_1/Poutput_multi_0") ==
        "  input: \"Grp_3/Pinput\"\n  input: \"n2\"\n  input: \"n5/p6\"\n");
  CHECK(inputs_of("Grp_1/Poutput_single_0") == "  input: \"Grp_3/Pinput\"\n");
  CHECK(inputs_of("n5/p6") == "  input: \"Grp_1/Pinput\"\n");
  CHECK(netlist.num_nets() == 4);

  group_of[4] = kNoGroup;
  CHECK_THROWS_WITH_AS(make_clustered_netlist(flat, placement, graph, group_of, canvas, 0.5),
                       doctest::Contains("\"n4\""),
                       std::invalid_argument);
}

TEST_CASE(
    "a cluster higher than the canvas, were it as wide as a grid cell, is as high as the canvas") {
  FlatBuilder block;
  block.connect(block.cell(0, 0, 3, 3), {block.cell(0, 0, 3, 2)});
  const Netlist flat = block.build();
  const FlatGraph graph = make_flat_graph(flat, Placement(flat), 500);
  const ClusteredNetlist clustered =
      make_clustered_netlist(flat, Placement(flat), graph, {0, 0}, make_canvas(10, 8, 5, 5), 0.5);
  const NodeId cluster = clustered.netlist.soft_macros()[0];
  CHECK(clustered.netlist.height(cluster) == 8.0);
  CHECK(clustered.netlist.width(cluster) == 3.75);  // (9 + 6) / 0.5 / 8; a column is 2 wide
}

TEST_CASE("nets to the same single place become one, with the sum of their weights") {
  FlatBuilder block;
  const auto a = block.cell(0, 0);
  const auto b = block.cell(0, 0);
  const auto c = block.cell(0, 0);
  block.connect(a, {c});
  block.connect(b, {c, a});
  const Netlist flat = block.build();
  const FlatGraph graph = make_flat_graph(flat, Placement(flat), 500);
  const ClusteredNetlist clustered = make_clustered_netlist(
      flat, Placement(flat), graph, {0, 0, 1}, make_canvas(10, 10, 5, 5), 0.5);
  REQUIRE(clustered.netlist.num_nets() == 1);
  CHECK(clustered.netlist.weight(netlist_io::NetId(0)) == 2.0);
}

TEST_CASE("weights of flat nets are those of the clustered ones, whatever drives them") {
  FlatBuilder block;
  const auto port = block.port(0, 0);
  const auto macro = block.macro(5, 5, 2, 2);
  const auto pin = block.pin(macro);
  const auto a = block.cell(0, 0);
  const auto b = block.cell(0, 0);
  block.connect(port, {a});
  block.connect(pin, {a, port});
  block.connect(a, {b, pin});
  block.connect(b, {pin});
  block.connect(b, {pin});  // of an output of its own
  netlist_io::NetlistRecords records = block.build().records();
  for (std::size_t n = 0; n < records.nets.size(); ++n) {
    records.nets[n].weight = 3.0 + static_cast<double>(n);
  }
  const Netlist flat(std::move(records));
  const FlatGraph graph = make_flat_graph(flat, Placement(flat), 500);
  const ClusteredNetlist clustered = make_clustered_netlist(
      flat, Placement(flat), graph, {0, 0, 0, 0, 1}, make_canvas(10, 10, 5, 5), 0.5);
  std::vector<double> weights;
  for (std::size_t n = 0; n < clustered.netlist.num_nets(); ++n) {
    weights.push_back(clustered.netlist.weight(netlist_io::NetId(n)));
  }
  CHECK(weights == std::vector<double>{3.0, 4.0, 5.0, 6.0 + 7.0});
  CHECK(clustered.netlist.records().nets[0].weight.has_value());
  CHECK_FALSE(clustered.netlist.records().nets[2].weight.has_value());  // its driver says it
}

TEST_CASE("the partitioner finds bunches, in balance, the same ones for the same seed") {
  constexpr int kBunches = 8;
  const Netlist netlist = bunches(kBunches, 3);
  const FlatGraph graph = make_flat_graph(netlist, Placement(netlist), 500);
  const FixedGroups fixed = find_fixed_groups(graph, make_canvas(80, 80, 10, 10), 0);
  const Partition partition = partition_flat_graph(graph, fixed, kBunches, 5);
  CHECK(partition.num_parts == kBunches);
  std::set<std::int32_t> parts;
  std::size_t num_cut = 0;
  for (std::size_t i = 0; i < graph.num_nets(); ++i) {
    std::set<std::int32_t> reached;
    for (const std::uint32_t vertex : graph.net(i)) {
      reached.insert(partition.part_of[vertex]);
    }
    num_cut += reached.size() > 1 ? 1 : 0;
  }
  parts.insert(partition.part_of.begin(), partition.part_of.end());
  CHECK(num_cut <= 16);  // 7 join the bunches; METIS does not find them all
  CHECK(parts.size() >= 6);
  CHECK(partition_flat_graph(graph, fixed, kBunches, 5).part_of == partition.part_of);
  CHECK_THROWS_WITH_AS(
      partition_flat_graph(graph, fixed, 0, 5), doctest::Contains("num_parts"), OptionError);
}

TEST_CASE("a whole clustering is the same for the same seed and hands positions back") {
  const Netlist flat = bunches(10, 1);
  const Placement placement(flat);
  const Canvas canvas = make_canvas(100, 100, 10, 10);
  ClusteringOptions options;
  options.num_partitions = 10;
  const ClusteringResult result = cluster_netlist(flat, placement, canvas, options);
  CHECK(result.counts.fixed_groups == 1);
  CHECK(result.counts.clusters == static_cast<int>(result.netlist.soft_macros().size()));
  CHECK(result.counts.clusters >= 5);
  CHECK(result.thresholds.breakup_um == 25.0);
  CHECK(result.thresholds.closeness_um == 12.5);
  double area = 0.0;
  for (const NodeId cluster : result.netlist.soft_macros()) {
    area += result.netlist.width(cluster) * result.netlist.height(cluster);
  }
  CHECK(area == doctest::Approx(2 * 200.0));  // 200 cells of 1 um2
  const ClusteringResult again = cluster_netlist(flat, placement, canvas, options);
  CHECK(again.group_of == result.group_of);
  CHECK(netlist_io::format_netlist(again.netlist) == netlist_io::format_netlist(result.netlist));

  Placement moved(result.netlist);
  const NodeId cluster = result.netlist.soft_macros()[0];
  moved.x[cluster.index()] = 77.0;
  const Placement spread = result.spread_to_flat(moved, placement);
  for (std::size_t i = 0; i < flat.num_nodes(); ++i) {
    CHECK((spread.x[i] == 77.0) == (result.node_of[i] == cluster));
  }
  CHECK_THROWS_AS(result.spread_to_flat(placement, placement), std::invalid_argument);
}

TEST_CASE("clusters go to the mean of their cells by area, macros where they are") {
  FlatBuilder builder;
  builder.pin(builder.macro(50.0, 50.0, 10.0, 10.0));
  const auto small = builder.cell(10.0, 10.0, 1.0, 1.0);
  const auto large = builder.cell(20.0, 30.0, 3.0, 1.0);
  builder.connect(small, {large});
  const Netlist flat = builder.build();
  const Canvas canvas = make_canvas(100, 100, 10, 10);
  ClusteringOptions options;
  options.num_partitions = 1;
  const ClusteringResult result = cluster_netlist(flat, Placement(flat), canvas, options);
  REQUIRE(result.netlist.soft_macros().size() == 1);

  Placement moved(flat);
  const std::size_t flat_macro = flat.hard_macros()[0].index();
  moved.x[flat_macro] = 61.0;
  moved.orientation[flat_macro] = netlist_io::Orientation::kS;
  Placement clustered(result.netlist);
  clustered.x.assign(clustered.size(), -1.0);
  const Placement collected = result.collect_from_flat(flat, moved, clustered);
  const std::size_t cluster = result.netlist.soft_macros()[0].index();
  CHECK(collected.x[cluster] == doctest::Approx((10.0 + 3.0 * 20.0) / 4.0));
  CHECK(collected.y[cluster] == doctest::Approx((10.0 + 3.0 * 30.0) / 4.0));
  const std::size_t clustered_macro = result.netlist.hard_macros()[0].index();
  CHECK(collected.x[clustered_macro] == 61.0);
  CHECK(collected.orientation[clustered_macro] == netlist_io::Orientation::kS);

  clustered.fixed[clustered_macro] = 1;
  CHECK(result.collect_from_flat(flat, moved, clustered).x[clustered_macro] == -1.0);
  CHECK_THROWS_AS(result.collect_from_flat(flat, clustered, clustered), std::invalid_argument);
}

TEST_CASE("clustering options, canvases and partitions that do not fit are refused") {
  const Netlist flat = bunches(2, 1);
  const Placement placement(flat);
  const auto refused = [&](const ClusteringOptions& options, const char* name) {
    CHECK_THROWS_WITH_AS(cluster_netlist(flat, placement, make_canvas(9, 9, 3, 3), options),
                         doctest::Contains(name),
                         OptionError);
  };
  ClusteringOptions options;
  options.max_fanout = 0;
  refused(options, "max_fanout");
  options = {};
  options.num_partitions = 0;
  refused(options, "num_partitions");
  options = {};
  options.logic_levels = -1;
  refused(options, "logic_levels");
  options = {};
  options.utilisation = 1.5;
  refused(options, "utilisation");
  CHECK_THROWS_AS(cluster_netlist(flat, placement, make_canvas(0, 9, 3, 3)), OptionError);
  CHECK_THROWS_AS(cluster_netlist(flat, placement, make_canvas(9, 9, 3, 3), {}, Partition{}),
                  std::invalid_argument);
}

TEST_CASE("cells without positions are placed between what they are connected with") {
  //  left -- a -- b -- right, a macro that stays
  FlatBuilder block;
  const auto left = block.port(0, 50);
  const auto right = block.port(100, 50);
  const auto a = block.cell(0, 0, 2, 2);
  const auto b = block.cell(0, 0, 2, 2);
  block.macro(50, 80, 20, 20);
  block.connect(left, {a});
  block.connect(a, {b});
  block.connect(b, {right});
  const Netlist netlist = block.build();
  Placement placement(netlist);
  placement.fixed[4] = 1;
  CHECK(lacks_cell_positions(netlist, placement));
  const Placement placed = place_flat_netlist(netlist, make_canvas(100, 100, 10, 10), placement);
  CHECK_FALSE(lacks_cell_positions(netlist, placed));
  CHECK(placed.x[2] < placed.x[3]);
  CHECK(placed.y[2] == doctest::Approx(50.0).epsilon(0.1));
  CHECK(placed.x[4] == 50.0);
  CHECK(placed.y[4] == 80.0);
  CHECK(placed.x[0] == 0.0);
}

TEST_CASE("flat placement spreads cells inside the canvas and moves macros that are not fixed") {
  constexpr int kBunches = 20;
  netlist_io::NetlistRecords records = bunches(kBunches, 2).records();
  for (netlist_io::NodeRecord& node : records.nodes) {
    node.x = node.y = 0.0;
  }
  netlist_io::NodeRecord macro;
  macro.name = "macro";
  macro.kind = netlist_io::NodeKind::kHardMacro;
  macro.width = macro.height = 8.0;
  macro.file_index = static_cast<std::uint32_t>(records.nodes.size());
  records.nodes.push_back(macro);
  const Netlist netlist(std::move(records));
  const Canvas canvas = make_canvas(30, 30, 10, 10);
  const Placement placed = place_flat_netlist(netlist, canvas, Placement(netlist));
  std::vector<int> quarter(4, 0);
  for (const NodeId cell : netlist.std_cells()) {
    const netlist_io::Rect box = placed.box(netlist, cell);
    CHECK(box.x0 >= -1e-5);
    CHECK(box.x1 <= 30.00001);
    CHECK(box.y0 >= -1e-5);
    CHECK(box.y1 <= 30.00001);
    ++quarter[(placed.x[cell.index()] > 15.0 ? 1U : 0U) +
              (placed.y[cell.index()] > 15.0 ? 2U : 0U)];
  }
  for (const int count : quarter) {
    CHECK(count <= 225);  // no more than its area holds
  }
  const std::size_t last = netlist.num_nodes() - 1;
  CHECK(placed.x[last] >= 3.99999);
  const Placement again = place_flat_netlist(netlist, canvas, Placement(netlist));
  CHECK(again.x == placed.x);
  CHECK(again.y == placed.y);

  FlatPlacementOptions options;
  options.hold_placed_macros = true;
  CHECK(place_flat_netlist(netlist, canvas, Placement(netlist), options).x[last] == 0.0);
  options.rounds = 0;
  CHECK_THROWS_WITH_AS(options.validate(), doctest::Contains("rounds"), OptionError);
  CHECK_THROWS_AS(place_flat_netlist(netlist, make_canvas(0, 1, 1, 1), placed), OptionError);
}

}  // namespace tessera::placer
