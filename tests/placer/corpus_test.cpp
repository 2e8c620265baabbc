#include "placer/corpus.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/placer/search_block.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"
#include "placer/block_symmetry.h"

namespace tessera::placer {
namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;

Names expand(const Names& items) {
  return expand_corpus(items);
}

/// The message of the `OptionError` that the item causes.
std::string error_of(const std::string& item) {
  try {
    expand({item});
  } catch (const netlist_io::OptionError& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A netlist and its placement under these names.
void write_block(const fs::path& netlist, const fs::path& plc) {
  const netlist_io::GeneratedBlock block = testing::search_block();
  fs::create_directories(netlist.parent_path());
  netlist_io::write_netlist(block.netlist, netlist.string());
  netlist_io::write_file_atomic(
      plc.string(), netlist_io::format_plc(block.netlist, block.header, block.placement));
}

}  // namespace

TEST_CASE("recipes stand for one seed, for a range of seeds, or for seed 1") {
  CHECK(expand({"balanced"}) == Names{"balanced:1"});
  CHECK(expand({"many-small:7", "cpu-cache:2-4"}) ==
        Names{"many-small:7", "cpu-cache:2", "cpu-cache:3", "cpu-cache:4"});
  CHECK(expand({"balanced:3@tx"}) == Names{"balanced:3@tx"});
}

TEST_CASE("folders stand for the netlists in and below them that have a placement") {
  const fs::path folder = testing::scratch_dir("corpus");
  write_block(folder / "b" / "netlist.pb.txt.gz", folder / "b" / "initial.plc");
  write_block(folder / "a.pb.txt", folder / "a.plc");
  std::ofstream(folder / "alone.pb.txt") << "node { name: \"x\" }\n";
  const std::string a = (folder / "a.pb.txt").string();
  const std::string b = (folder / "b" / "netlist.pb.txt.gz").string();
  CHECK(expand({folder.string()}) == Names{a, b});
  CHECK(expand({b, a + "@t"}) == Names{b, a + "@t"});
  const CorpusBlock first = load_corpus_block(a);
  CHECK(first.name == a);
  CHECK(first.netlist.hard_macros().size() == 12);
  CHECK(first.canvas.grid == testing::search_block().canvas.grid);
  CHECK(cost::ProxyCost(first.netlist, first.canvas, first.cost).evaluate(first.placement).proxy ==
        cost::ProxyCost(load_corpus_block(b).netlist, first.canvas, first.cost)
            .evaluate(first.placement)
            .proxy);
  const CorpusBlock turned = load_corpus_block(a + "@t");
  CHECK(turned.name == a + "@t");
  CHECK(turned.canvas.grid.cols == first.canvas.grid.rows);
}

TEST_CASE("all symmetries of a name; a name with one stays alone") {
  const Names names = with_symmetries(Names{"balanced:1", "balanced:2@x"});
  CHECK(names == Names{"balanced:1",
                       "balanced:1@x",
                       "balanced:1@y",
                       "balanced:1@xy",
                       "balanced:1@t",
                       "balanced:1@tx",
                       "balanced:1@ty",
                       "balanced:1@txy",
                       "balanced:2@x"});
}

TEST_CASE("a number draws the objective of a block, which stays the same block") {
  CHECK(expand({"balanced:3-4%2", "many-small:1%5@tx"}) ==
        Names{"balanced:3%2", "balanced:4%2", "many-small:1%5@tx"});
  CHECK(with_symmetries(Names{"many-small:1%5"})[4] == "many-small:1%5@t");

  const CorpusBlock own = load_corpus_block("many-small:1");
  const CorpusBlock drawn = load_corpus_block("many-small:1%5");
  const CorpusBlock other = load_corpus_block("many-small:1%6");
  CHECK(drawn.name == "many-small:1%5");
  CHECK(drawn.netlist.num_pins() == own.netlist.num_pins());
  CHECK(own.cost.weights.density == 0.5);
  for (const CorpusBlock* const block : {&drawn, &other}) {
    CHECK(block->cost.weights.wirelength == 1.0);
    CHECK(block->cost.weights.density >= 0.02);
    CHECK(block->cost.weights.density <= 1.0);
    CHECK(block->cost.routes.vertical >= 0.2 * own.cost.routes.vertical);
    CHECK(block->cost.routes.vertical <= 1.5 * own.cost.routes.vertical);
    CHECK(block->cost.macro_routes.vertical <= 0.8 * block->cost.routes.vertical);
  }
  CHECK(drawn.cost.weights.congestion != other.cost.weights.congestion);
  CHECK(load_corpus_block("many-small:2%5").cost.weights.congestion !=
        drawn.cost.weights.congestion);
  CHECK(load_corpus_block("many-small:1%5").cost.weights.congestion ==
        drawn.cost.weights.congestion);
  CHECK(load_corpus_block("many-small:1%5@t").cost.routes.vertical == drawn.cost.routes.horizontal);
}

TEST_CASE("items that are no blocks are refused with what was expected") {
  const fs::path folder = testing::scratch_dir("corpus_errors");
  const auto path = [&](const char* name) { return (folder / name).string(); };
  std::ofstream(path("alone.pb.txt")) << "node { name: \"x\" }\n";
  std::ofstream(path("notes.md")) << "no netlist\n";
  fs::create_directories(folder / "empty");
  CHECK(contains(error_of("cake"), "recipes are balanced, "));
  CHECK(contains(error_of("balanced:"), "expected SEED or FIRST-LAST"));
  CHECK(contains(error_of("balanced:x"), "has the seeds \"x\""));
  CHECK(contains(error_of("balanced:5-3"), "FIRST <= LAST"));
  CHECK(contains(error_of("balanced:0-18446744073709551615"), "at most 1000000"));
  CHECK(contains(error_of("balanced@q"), "neither a netlist nor a folder nor a recipe"));
  CHECK(contains(error_of(path("alone.pb.txt")), "without a placement"));
  CHECK(contains(error_of(path("notes.md")), "does not end in .pb.txt"));
  CHECK(contains(error_of(path("empty")), "folder without blocks"));
  CHECK(contains(error_of(path("missing.pb.txt")), "neither a netlist nor a folder nor a recipe"));
  CHECK_THROWS_AS(load_corpus_block(path("missing.pb.txt")), netlist_io::ParseError);
}

TEST_CASE("a netlist of standard cells is no block of a corpus") {
  const fs::path folder = testing::scratch_dir("corpus_flat");
  netlist_io::NetlistRecords records;
  netlist_io::NodeRecord cell;
  cell.name = "cell";
  cell.kind = netlist_io::NodeKind::kStdCell;
  cell.width = cell.height = 1.0;
  records.nodes.push_back(cell);
  records.pins.push_back({netlist_io::NodeId(0), "", {}, 1.0, 0});
  const netlist_io::Netlist netlist(records);
  const std::string path = (folder / "flat.pb.txt").string();
  netlist_io::write_netlist(netlist, path);
  netlist_io::write_file_atomic(
      (folder / "flat.plc").string(),
      netlist_io::format_plc(netlist, {}, netlist_io::Placement(netlist)));
  try {
    load_corpus_block(path);
    FAIL("was read");
  } catch (const netlist_io::ParseError& error) {
    CHECK(contains(error.what(), "1 standard cells"));
  }
}

}  // namespace tessera::placer
