#include "placer/demonstration.h"

#include <cstddef>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/placer/search_block.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "placer/macro_env.h"
#include "placer/placement_search.h"

namespace tessera::placer {
namespace {

using netlist_io::InfeasibleError;
using netlist_io::Placement;

/// A generated block and the result of a short search of the grid class on it.
struct Searched {
  netlist_io::GeneratedBlock block = testing::search_block();
  MacroProblemOptions options = [] {
    MacroProblemOptions chosen;
    chosen.order = MacroOrder::kConnectivity;
    chosen.prior = PositionPrior::kCanvasCentre;
    chosen.cluster_solver = ClusterSolver::kGradient;
    return chosen;
  }();
  MacroProblem problem{block.netlist, block.canvas, block.placement, options};
  PlacementSearchResult result = [this] {
    PlacementSearchOptions search;
    search.search.placement_class = PlacementClass::kGrid;
    search.budget.evals = 4000;
    search.analytic_starts = 1;
    return search_placement(block.netlist, block.canvas, {}, problem.start(), search);
  }();
};

/// What happens when the file is read; empty: nothing.
std::string read_error(const std::string& path, const std::string& text) {
  netlist_io::write_file_atomic(path, text);
  try {
    read_demonstrations(path);
  } catch (const netlist_io::ParseError& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const std::string kLine =
    R"({"block":"b","seed":1,"grid":[3,2],"order":"area","proxy":0.5,"cells":[5,0]})";

}  // namespace

TEST_CASE("an episode takes the cells of a demonstration and ends where the search did") {
  const Searched searched;
  const Demonstration made =
      make_demonstration(searched.problem, searched.result.placement, "block");
  CHECK(made.block == "block");
  CHECK(made.order == MacroOrder::kConnectivity);
  CHECK(made.grid == searched.block.canvas.grid);
  REQUIRE(made.cells.size() == 12);
  MacroEnv env(searched.problem);
  StepResult last;
  for (const CellIndex cell : made.cells) {
    REQUIRE(env.mask().test(cell));
    last = env.step(cell);
    REQUIRE(last.status != StepResult::Status::kRefused);
  }
  CHECK(env.done());
  CHECK(made.proxy == last.cost.proxy);
  for (const netlist_io::NodeId macro : searched.problem.macros()) {
    const std::size_t i = macro.index();
    CHECK(env.placement().x[i] == doctest::Approx(searched.result.placement.x[i]).epsilon(1e-12));
    CHECK(env.placement().y[i] == doctest::Approx(searched.result.placement.y[i]).epsilon(1e-12));
  }
}

TEST_CASE("a placement off the grid or with overlaps makes no demonstration") {
  const Searched searched;
  Placement placement = searched.result.placement;
  const std::size_t first = searched.problem.macros()[0].index();
  const std::size_t second = searched.problem.macros()[1].index();
  SUBCASE("half a cell off") {
    placement.x[first] += 0.5 * searched.block.canvas.cell_width();
  }
  SUBCASE("a hundredth of a cell off") {
    placement.y[first] += 0.01 * searched.block.canvas.cell_height();
  }
  SUBCASE("outside") {
    placement.x[first] = -0.5 * searched.block.canvas.cell_width();
  }
  SUBCASE("two in one place") {
    placement.x[first] = placement.x[second];
    placement.y[first] = placement.y[second];
  }
  SUBCASE("not a number") {
    placement.x[first] = std::numeric_limits<double>::quiet_NaN();
  }
  CHECK_THROWS_AS(make_demonstration(searched.problem, placement, "block"), InfeasibleError);
}

TEST_CASE("a demonstration of another episode is refused") {
  const Searched searched;
  Demonstration made = make_demonstration(searched.problem, searched.result.placement, "block");
  CHECK_NOTHROW(check_demonstration(searched.problem, made));
  SUBCASE("another grid") {
    made.grid.cols += 1;
  }
  SUBCASE("another order") {
    made.order = MacroOrder::kArea;
  }
  SUBCASE("a macro less") {
    made.cells.pop_back();
  }
  SUBCASE("a cell off the grid") {
    made.cells.back() = static_cast<CellIndex>(made.grid.num_cells());
  }
  SUBCASE("the last on the first") {
    made.cells.back() = made.cells.front();
  }
  CHECK_THROWS_AS(check_demonstration(searched.problem, made), InfeasibleError);
}

TEST_CASE("a demonstration holds for the block seen from any side") {
  const Searched searched;
  const Demonstration made =
      make_demonstration(searched.problem, searched.result.placement, "block");
  const CorpusBlock block = {"block",
                             searched.block.netlist,
                             searched.block.canvas,
                             searched.block.placement,
                             searched.options.cost};
  for (const Symmetry symmetry : kSymmetries) {
    CAPTURE(to_string(symmetry));
    const CorpusBlock seen = transform_block(block, symmetry);
    const MacroProblem problem(seen.netlist, seen.canvas, seen.placement, searched.options);
    const Demonstration turned = transform_demonstration(made, symmetry);
    CHECK_NOTHROW(check_demonstration(problem, turned));
    const Placement placement =
        transform_placement(searched.result.placement, searched.block.canvas, symmetry);
    CHECK(make_demonstration(problem, placement, turned.block).cells == turned.cells);
  }
  CHECK(transform_demonstration(made, {true, false, true}).block == "block@ty");
}

TEST_CASE("what is appended is what is read, also from gzip") {
  const std::filesystem::path folder = testing::scratch_dir("demonstrations");
  const std::string path = (folder / "d.jsonl").string();
  Demonstration first;
  first.block = "a \"name\"@x";
  first.seed = 18446744073709551615ULL;
  first.grid = {4, 5};
  first.order = MacroOrder::kArea;
  first.proxy = 0.1;
  first.cells = {19, 0, 7};
  Demonstration second;
  second.block = "no macros";
  second.grid = {1, 1};
  append_demonstration(path, first);
  append_demonstration(path, second);
  netlist_io::write_file_atomic(path + ".gz", netlist_io::read_file(path));
  for (const std::string& file : {path, path + ".gz"}) {
    const std::vector<Demonstration> read = read_demonstrations(file);
    REQUIRE(read.size() == 2);
    CHECK(read[0].block == first.block);
    CHECK(read[0].seed == first.seed);
    CHECK(read[0].grid == first.grid);
    CHECK(read[0].order == first.order);
    CHECK(read[0].proxy == first.proxy);
    CHECK(read[0].cells == first.cells);
    CHECK(read[1].order == MacroOrder::kConnectivity);
    CHECK(read[1].cells.empty());
  }
  CHECK_THROWS_AS(append_demonstration((folder / "missing" / "d.jsonl").string(), first),
                  std::runtime_error);
}

TEST_CASE("a bad line is reported with path and line") {
  const std::string path = (testing::scratch_dir("bad_demonstrations") / "d.jsonl").string();
  const auto with = [](std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  };
  CHECK(read_error(path, kLine + "\n" + kLine).empty());
  CHECK(contains(read_error(path, kLine + "\n{\n"), path + ":2:1: "));
  CHECK(contains(read_error(path, kLine + "\n\n" + kLine + "\n"), path + ":2:1: "));
  CHECK(contains(read_error(path, with(kLine, "proxy", "cost")), path + ":1:1: "));
  CHECK(contains(read_error(path, with(kLine, "[5,", "[6,")), "cell 6 is not one of 6"));
  CHECK(contains(read_error(path, with(kLine, "[5,", "[-1,")), "cell -1"));
  CHECK(contains(read_error(path, with(kLine, "[5,", "[0.5,")), "cell 0.5"));
  CHECK(contains(read_error(path, with(kLine, "[3,2]", "[3]")), "two numbers"));
  CHECK(contains(read_error(path, with(kLine, "[3,2]", "[3,0]")), "the grid's height is 0"));
  CHECK(contains(read_error(path, with(kLine, "area", "size")), "\"size\""));
}

TEST_CASE("a last line without its end is dropped on resuming, a bad one before it is not") {
  const std::string path = (testing::scratch_dir("resumed") / "d.jsonl").string();
  CHECK(resume_demonstrations(path).empty());
  netlist_io::write_file_atomic(path, kLine + "\n" + kLine.substr(0, 20));
  CHECK(resume_demonstrations(path).size() == 1);
  CHECK(netlist_io::read_file(path) == kLine + "\n");
  netlist_io::write_file_atomic(path, kLine);
  CHECK(resume_demonstrations(path).empty());
  CHECK(netlist_io::read_file(path).empty());
  netlist_io::write_file_atomic(path, kLine.substr(0, 20) + "\n" + kLine + "\n");
  CHECK_THROWS_AS(resume_demonstrations(path), netlist_io::ParseError);
}

}  // namespace tessera::placer
