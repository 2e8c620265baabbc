#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/placer/generated_flat_block.h"
#include "tests/placer/search_block.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <malloc.h>

#include "cost/proxy_cost.h"
#include "gnn/loaded_network.h"
#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"
#include "placer/episodes.h"
#include "placer/flat/flat_search.h"
#include "placer/legality.h"
#include "placer/legalizer.h"
#include "placer/macro_problem.h"
#include "placer/placement_search.h"

// What a service that places in one process, day after day, would see. AddressSanitizer looks for
// memory that nobody knows of any more; here is looked for what somebody still holds, and holds
// more and more of.

namespace {

using tessera::netlist_io::GeneratedBlock;
using tessera::netlist_io::Placement;
using tessera::placer::EpisodesOptions;
using tessera::placer::MacroProblem;
using tessera::placer::MacroProblemOptions;

namespace fs = std::filesystem;

/// Bytes in use from all arenas of malloc; 0 under sanitizers, which have an allocator of their
/// own.
std::size_t bytes_in_use() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/// What may be in use more without a leak. Chunks freed into the caches that malloc has for each
/// thread count as in use; `tests.cmake` turns these caches off.
std::size_t noise_bytes() {
  const char* const tunables = std::getenv("GLIBC_TUNABLES");
  const bool no_caches = tunables != nullptr && std::strstr(tunables, "tcache_count=0") != nullptr;
  return no_caches ? 8 * 1024 : 512 * 1024;
}

/// Runs `work(i)` often, and compares what is in use after a tenth, when everything that is
/// made once has been made, with the end.
template <typename Work>
void check_no_growth(int count, Work work) {
  std::size_t early = 0;
  for (int i = 0; i < count; ++i) {
    work(static_cast<std::uint64_t>(i));
    if (i == count / 10) {
      early = bytes_in_use();
    }
  }
  const std::size_t late = bytes_in_use();
  CAPTURE(early);
  CAPTURE(late);
  CHECK(late <= early + noise_bytes());
}

MacroProblemOptions problem_options() {
  MacroProblemOptions options;
  options.order = tessera::placer::MacroOrder::kConnectivity;
  options.cluster_solver = tessera::placer::ClusterSolver::kGradient;
  return options;
}

TEST_CASE("A thousand placements in one process leave no memory behind") {
  const fs::path folder = tessera::testing::scratch_dir("thousand_placements");
  const std::string checkpoint =
      fs::path(TESSERA_SOURCE_DIR) / "data/checkpoints/default.safetensors";
  check_no_growth(1000, [&](std::uint64_t i) {
    // Files, written and read, as a command does it.
    const GeneratedBlock made = tessera::testing::search_block(i % 10);
    const std::string netlist_path = folder / "netlist.pb.txt.gz";
    const std::string plc_path = folder / "placement.plc";
    tessera::netlist_io::write_netlist(made.netlist, netlist_path);
    const auto read = tessera::netlist_io::read_netlist({&netlist_path, 1});

    // The policy, its start searched further, the result written and read.
    const auto network = tessera::gnn::load_inference_network(checkpoint);
    const MacroProblem problem(read.netlist, made.canvas, made.placement, problem_options());
    const auto policy = network->policy_for(problem);
    EpisodesOptions episodes;
    episodes.seed = i;
    const auto played = tessera::placer::run_episodes(problem, *policy, episodes);
    tessera::placer::PlacementSearchOptions search;
    search.budget.evals = 500;
    search.seed = i;
    search.threads = 2;
    const std::vector<Placement> starts = {played.best.placement};
    const auto found = tessera::placer::search_placement(
        read.netlist, made.canvas, starts, made.placement, search);
    CHECK(
        tessera::placer::check_legality(read.netlist, made.canvas, found.placement, made.placement)
            .legal());
    tessera::netlist_io::write_file_atomic(
        plc_path, tessera::netlist_io::format_plc(read.netlist, {}, found.placement));
    tessera::netlist_io::read_plc(plc_path, read.netlist);

    // And bad input, given up half way.
    tessera::netlist_io::write_file_atomic(plc_path, "0 1 2 N 0\n1 x");
    CHECK_THROWS_AS(tessera::netlist_io::read_plc(plc_path, read.netlist),
                    tessera::netlist_io::ParseError);
  });
}

TEST_CASE("A hundred searches on a flat netlist leave no memory behind") {
  const tessera::testing::GeneratedBlock& block = tessera::testing::generated_block();
  check_no_growth(100, [&](std::uint64_t i) {
    tessera::placer::FlatSearchOptions options;
    options.trials = 2;
    options.seed = i;
    options.threads = 2;
    options.judge.max_iterations = 20;
    options.legalize = [&block](const Placement& placement, const auto&) {
      return tessera::placer::legalize_macros(block.netlist, block.canvas, placement).placement;
    };
    const Placement fixed(block.netlist);
    tessera::placer::search_flat(block.netlist, block.canvas, fixed, {}, options);
  });
}

}  // namespace
