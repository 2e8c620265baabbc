#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "app/block_clustering.h"
#include "app/block_input.h"
#include "app/command.h"
#include "app/cost_report.h"
#include "app/exit_codes.h"
#include "app/options_json.h"
#include "app/outputs.h"
#include "netlist_io/errors.h"

namespace tessera::app {
namespace {

struct ClusterFlags {
  BlockFlags block;
  CommonFlags common;
  OutputFlags outputs;
  ClusteringSettings clustering;
  std::string positions = "input";
};

nlohmann::ordered_json document(const ClusterFlags& flags, const Block& block, double total_s) {
  const placer::ClusteringResult& clustering = block.flat->clustering;
  CostReport header;
  header.command = "cluster";
  header.block = &block;
  const nlohmann::ordered_json common = header.to_json();
  return {{"schema_version", 1},
          {"tessera", version_text()},
          {"command", "cluster"},
          {"design", common["design"]},
          {"flat",
           {{"std_cells", block.flat->netlist.std_cells().size()},
            {"nets", block.flat->netlist.num_nets()},
            {"pins", block.flat->netlist.num_pins()}}},
          {"positions", block.flat->positions_from_input ? "input" : "analytic"},
          {"groups",
           {{"fixed", clustering.counts.fixed_groups},
            {"after_partition", clustering.counts.after_partition},
            {"after_breakup", clustering.counts.after_breakup},
            {"after_merge", clustering.counts.after_merge},
            {"clusters", clustering.counts.clusters}}},
          {"merge_passes", clustering.counts.merge_passes},
          {"seed", flags.common.seed},
          {"time_s", {{"total", total_s}, {"read", block.read_s}, {"cluster", block.cluster_s}}},
          {"outputs", flags.outputs.paths}};
}

int run(const ClusterFlags& flags) {
  const auto start = std::chrono::steady_clock::now();
  flags.outputs.check(flags.block.input);
  ClusteringSettings clustering = flags.clustering;
  clustering.input_positions = flags.positions == "input";
  clustering.options.seed = flags.common.seed;
  clustering.threads = flags.common.num_threads();
  BlockFlags input = flags.block;
  input.input.precision = netlist_io::NumberPrecision::kFloat32;
  const std::unique_ptr<const Block> block = read_block(input, BlockUse::kPlacing, clustering);
  print_notes(block->notes);
  if (!block->flat) {
    throw netlist_io::OptionError("\"" + flags.block.input.netlist +
                                  "\" has no standard cells to cluster");
  }
  OutputFlags outputs = flags.outputs;
  outputs.number_style = netlist_io::NumberStyle::kFloat32;  // as published ones are written
  outputs.write(*block, block->placement);
  const double total_s =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const placer::ClusteringCounts& counts = block->flat->clustering.counts;
  if (flags.common.json) {
    print_json(document(flags, *block, total_s));
  } else {
    std::printf("%s: %zu standard cells in %d clusters, grid %d x %d (positions: %s)\n",
                block->name.c_str(),
                block->flat->netlist.std_cells().size(),
                counts.clusters,
                block->canvas.grid.cols,
                block->canvas.grid.rows,
                block->flat->positions_from_input ? "of the input" : "an analytic placement");
  }
  return kDone;
}

}  // namespace

void add_cluster_command(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand(
      "cluster", "Turns a flat netlist into hard macros and clusters of standard cells");
  const auto flags = std::make_shared<ClusterFlags>();
  flags->block.add_to(*command);
  flags->common.add_to(*command);
  flags->outputs.add_to(*command);
  flags->clustering.add_to(*command);
  command
      ->add_option(
          "--positions",
          flags->positions,
          "what tells which cells are close: input, their places there if most have one; or "
          "analytic, a placement computed first, as `place` does it")
      ->check(CLI::IsMember({"input", "analytic"}))
      ->capture_default_str()
      ->group("Clustering");
  command->footer(examples({
      "tessera cluster flat.pb.txt.gz --plc floorplan.plc -o clustered.pb.txt.gz -o clustered.plc",
      "tessera cluster design.def --lef tech.lef --positions analytic -o clustered.pb.txt.gz",
  }));
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
