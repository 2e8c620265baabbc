#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/command.h"
#include "app/cost_report.h"
#include "app/exit_codes.h"
#include "netlist_io/file.h"
#include "netlist_io/generator.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"

namespace tessera::app {
namespace {

struct GenerateFlags {
  CommonFlags common;
  std::string folder;
  std::string recipe = "balanced";
  std::optional<std::string> name;
  std::optional<int> macros;
  std::optional<int> clusters;
  std::optional<int> ports;
  std::optional<double> utilization;
  std::optional<double> hard_utilization;
};

netlist_io::GeneratorOptions options_of(const GenerateFlags& flags) {
  netlist_io::GeneratorOptions options =
      netlist_io::generator_recipe(netlist_io::parse_generator_recipe(flags.recipe)
                                       .value_or(netlist_io::GeneratorRecipe::kBalanced));
  options.seed = flags.common.seed;
  options.name = flags.name.value_or(flags.recipe + "_" + std::to_string(flags.common.seed));
  options.macros.count = flags.macros.value_or(options.macros.count);
  options.clusters.count = flags.clusters.value_or(options.clusters.count);
  options.ports = flags.ports.value_or(options.ports);
  options.utilization = flags.utilization.value_or(options.utilization);
  options.hard_utilization = flags.hard_utilization.value_or(options.hard_utilization);
  return options;
}

int run(const GenerateFlags& flags) {
  const netlist_io::GeneratorOptions options = options_of(flags);
  const netlist_io::GeneratedBlock block = netlist_io::generate_block(options);
  const std::filesystem::path folder = flags.folder;
  std::filesystem::create_directories(folder);
  const std::string netlist = (folder / (options.name + ".pb.txt.gz")).string();
  const std::string plc = (folder / (options.name + ".plc")).string();
  netlist_io::write_netlist(block.netlist, netlist);
  netlist_io::write_file_atomic(
      plc, netlist_io::format_plc(block.netlist, block.header, block.placement));
  if (flags.common.json) {
    const nlohmann::ordered_json document = {{"schema_version", 1},
                                             {"tessera", version_text()},
                                             {"command", "generate"},
                                             {"recipe", flags.recipe},
                                             {"seed", flags.common.seed},
                                             {"hard_macros", block.netlist.hard_macros().size()},
                                             {"soft_macros", block.netlist.soft_macros().size()},
                                             {"ports", block.netlist.ports().size()},
                                             {"nets", block.netlist.num_nets()},
                                             {"outputs", {netlist, plc}}};
    std::fputs((document.dump(2) + "\n").c_str(), stdout);
  } else {
    std::printf("%s\n%s\n", netlist.c_str(), plc.c_str());
  }
  return kDone;
}

}  // namespace

void add_generate_command(CLI::App& app, int& exit_code) {
  CLI::App* const command =
      app.add_subcommand("generate", "Makes a synthetic block: netlist and legal placement");
  const auto flags = std::make_shared<GenerateFlags>();
  flags->common.add_to(*command);
  command->add_option("-o,--output", flags->folder, "folder; made if it is not there")
      ->required()
      ->type_name("DIR");
  command->add_option("--recipe", flags->recipe, "family of blocks")
      ->check(CLI::IsMember({"balanced", "memory-dominated", "few-large-macros", "many-small"}))
      ->capture_default_str();
  command->add_option("--name", flags->name, "name of block and files (default: RECIPE_SEED)");
  command->add_option("--macros", flags->macros, "hard macros")->type_name("N");
  command->add_option("--clusters", flags->clusters, "soft macros")->type_name("N");
  command->add_option("--ports", flags->ports, "ports")->type_name("N");
  command->add_option("--utilization", flags->utilization, "macro area over canvas area");
  command->add_option(
      "--hard-utilization", flags->hard_utilization, "hard macro area over canvas area");
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
