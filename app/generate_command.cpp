#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/command.h"
#include "app/cost_report.h"
#include "app/exit_codes.h"
#include "app/options_json.h"
#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/flat_generator.h"
#include "netlist_io/generator.h"
#include "netlist_io/markup_text.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"
#include "placer/clustering/generated_block.h"

namespace tessera::app {
namespace {

struct GenerateFlags {
  CommonFlags common;
  std::string folder;
  std::string recipe = "balanced";
  bool flat = false;
  std::optional<std::string> name;
  std::optional<int> macros;
  std::optional<int> clusters;
  std::optional<int> cells;
  std::optional<int> ports;
  std::optional<double> utilization;
  std::optional<double> hard_utilization;
};

std::string name_of(const GenerateFlags& flags) {
  return flags.name.value_or(flags.recipe + "_" + std::to_string(flags.common.seed));
}

netlist_io::GeneratorOptions clustered_options(const GenerateFlags& flags,
                                               netlist_io::GeneratorRecipe recipe) {
  netlist_io::GeneratorOptions options = netlist_io::generator_recipe(recipe);
  options.seed = flags.common.seed;
  options.name = name_of(flags);
  options.macros.count = flags.macros.value_or(options.macros.count);
  options.clusters.count = flags.clusters.value_or(options.clusters.count);
  options.ports = flags.ports.value_or(options.ports);
  options.utilization = flags.utilization.value_or(options.utilization);
  options.hard_utilization = flags.hard_utilization.value_or(options.hard_utilization);
  return options;
}

netlist_io::FlatGeneratorOptions flat_options(const GenerateFlags& flags,
                                              netlist_io::FlatRecipe recipe) {
  netlist_io::FlatGeneratorOptions options = netlist_io::flat_recipe(recipe, flags.common.seed);
  options.name = name_of(flags);
  options.memories.count = flags.macros.value_or(options.memories.count);
  options.logic.cells = flags.cells.value_or(options.logic.cells);
  options.ports = flags.ports.value_or(options.ports);
  options.utilization = flags.utilization.value_or(options.utilization);
  return options;
}

/// Throws `OptionError` if a flag is given that recipes of this kind do not have.
void check_flags(const GenerateFlags& flags, bool flat_recipe) {
  const auto refuse = [&](bool given, const char* flag) {
    if (given) {
      throw netlist_io::OptionError(std::string(flag) + " does not go with the recipe " +
                                    flags.recipe);
    }
  };
  refuse(flat_recipe && flags.clusters, "--clusters");
  refuse(flat_recipe && flags.hard_utilization, "--hard-utilization");
  refuse(!flat_recipe && flags.cells, "--cells");
  refuse(!flat_recipe && flags.flat, "--flat");
  const std::string name = name_of(flags);
  if (name.empty() || name.find('/') != std::string::npos ||
      netlist_io::escape_controls(name) != name) {
    throw netlist_io::OptionError("--name is \"" + name +
                                  "\", expected a file name without control characters");
  }
}

void print_result(const GenerateFlags& flags,
                  const netlist_io::Netlist& netlist,
                  const std::optional<netlist_io::RentFit>& rent,
                  const std::vector<std::string>& outputs) {
  if (!flags.common.json) {
    for (const std::string& path : outputs) {
      std::printf("%s\n", path.c_str());
    }
    return;
  }
  nlohmann::ordered_json document = {{"schema_version", 1},
                                     {"tessera", version_text()},
                                     {"command", "generate"},
                                     {"recipe", flags.recipe},
                                     {"seed", flags.common.seed},
                                     {"hard_macros", netlist.hard_macros().size()},
                                     {"soft_macros", netlist.soft_macros().size()},
                                     {"ports", netlist.ports().size()},
                                     {"nets", netlist.num_nets()},
                                     {"outputs", outputs}};
  if (flags.flat) {
    document["std_cells"] = netlist.std_cells().size();
  }
  if (rent) {
    document["rent"] = {{"exponent", rent->exponent}, {"coefficient", rent->coefficient}};
  }
  print_json(document);
}

void write_clustered(const GenerateFlags& flags,
                     const netlist_io::GeneratedBlock& block,
                     const std::optional<netlist_io::RentFit>& rent) {
  const std::filesystem::path folder = flags.folder;
  const std::string netlist = (folder / (name_of(flags) + ".pb.txt.gz")).string();
  const std::string plc = (folder / (name_of(flags) + ".plc")).string();
  netlist_io::write_netlist(block.netlist, netlist);
  netlist_io::write_file_atomic(
      plc, netlist_io::format_plc(block.netlist, block.header, block.placement));
  print_result(flags, block.netlist, rent, {netlist, plc});
}

/// The netlist of cells says in comments what a .plc would say of the canvas.
void write_flat(const GenerateFlags& flags, const netlist_io::GeneratedFlatBlock& flat) {
  const std::string path =
      (std::filesystem::path(flags.folder) / (name_of(flags) + ".pb.txt.gz")).string();
  const std::string plc = netlist_io::format_plc(netlist_io::Netlist(), flat.header, {});
  const std::string settings = plc.substr(0, plc.find("#\n"));  // without the counts of nodes
  netlist_io::write_file_atomic(path, settings + netlist_io::format_netlist(flat.netlist));
  print_result(flags, flat.netlist, flat.rent, {path});
}

int run(const GenerateFlags& flags) {
  const auto flat_recipe = netlist_io::parse_flat_recipe(flags.recipe);
  check_flags(flags, flat_recipe.has_value());
  if (flat_recipe) {
    const netlist_io::GeneratedFlatBlock flat =
        placer::make_fitting_flat_block(flat_options(flags, *flat_recipe));
    std::filesystem::create_directories(flags.folder);
    if (flags.flat) {
      write_flat(flags, flat);
    } else {
      write_clustered(flags, placer::cluster_flat_block(flat, flags.common.seed), flat.rent);
    }
    return kDone;
  }
  const auto recipe = netlist_io::parse_generator_recipe(flags.recipe)
                          .value_or(netlist_io::GeneratorRecipe::kBalanced);
  const netlist_io::GeneratedBlock block =
      netlist_io::generate_block(clustered_options(flags, recipe));
  std::filesystem::create_directories(flags.folder);
  write_clustered(flags, block, std::nullopt);
  return kDone;
}

std::vector<std::string> recipe_names() {
  const std::vector<std::string_view> names = placer::generated_block_recipes();
  return {names.begin(), names.end()};
}

}  // namespace

void add_generate_command(CLI::App& app, int& exit_code) {
  CLI::App* const command =
      app.add_subcommand("generate", "Makes a synthetic block: netlist and legal placement");
  const auto flags = std::make_shared<GenerateFlags>();
  flags->common.add_to(*command);
  command->add_option("-o,--output", flags->folder, "folder to write to; made if it is not there")
      ->required()
      ->type_name("DIR");
  command->add_option("--recipe", flags->recipe, "family of blocks")
      ->check(CLI::IsMember(recipe_names()))
      ->capture_default_str();
  command->add_option("--name", flags->name, "name of block and files (default: RECIPE_SEED)");
  command->add_flag("--flat", flags->flat, "write the standard cells instead of clusters of them");
  const char* const group = "Size (default: as the recipe has it)";
  const auto add = [command, group](const char* name, auto& value, const char* help) {
    return command->add_option(name, value, help)->group(group);
  };
  add("--macros", flags->macros, "hard macros")->type_name("N");
  add("--clusters", flags->clusters, "soft macros; of recipes without cells")->type_name("N");
  add("--cells", flags->cells, "standard cells; of recipes that have them")->type_name("N");
  add("--ports", flags->ports, "ports")->type_name("N");
  add("--utilization", flags->utilization, "area of macros and cells over that of the canvas");
  add("--hard-utilization",
      flags->hard_utilization,
      "area of hard macros over that of the canvas; of recipes without cells");
  command->footer(examples({
      "tessera generate -o blocks --seed 7",
      "tessera generate -o blocks --recipe cpu-cache --cells 60000 --flat",
  }));
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
