#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "app/block_input.h"
#include "app/command.h"
#include "app/cost_report.h"
#include "app/exit_codes.h"
#include "cost/proxy_cost.h"
#include "placer/legality.h"

namespace tessera::app {
namespace {

struct CostFlags {
  BlockFlags block;
  CommonFlags common;
};

int run(const CostFlags& flags) {
  const auto start = std::chrono::steady_clock::now();
  const std::unique_ptr<const Block> block = read_block(flags.block, BlockUse::kLooking);
  print_notes(block->notes, flags.common);
  const cost::ProxyCost proxy_cost(block->netlist, block->canvas, block->cost);
  CostReport report;
  report.command = "cost";
  report.block = block.get();
  report.cost = proxy_cost.evaluate(block->placement);
  report.legality =
      placer::check_legality(block->netlist, block->canvas, block->placement, block->placement);
  report.seed = flags.common.seed;
  report.threads = flags.common.num_threads();
  report.total_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const std::string text = flags.common.json ? report.to_json().dump(2) + "\n" : report.to_text();
  std::fputs(text.c_str(), stdout);
  return kDone;
}

}  // namespace

void add_cost_command(CLI::App& app, int& exit_code) {
  CLI::App* const command =
      app.add_subcommand("cost", "The exact proxy cost of a placement, its parts, its legality");
  const auto flags = std::make_shared<CostFlags>();
  flags->block.add_to(*command);
  flags->common.add_to(*command);
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
