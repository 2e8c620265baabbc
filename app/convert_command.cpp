#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/block_input.h"
#include "app/command.h"
#include "app/cost_report.h"
#include "app/exit_codes.h"
#include "app/options_json.h"
#include "app/outputs.h"
#include "netlist_io/errors.h"
#include "netlist_io/netlist_file.h"

namespace tessera::app {
namespace {

struct ConvertFlags {
  BlockFlags block;
  CommonFlags common;
  OutputFlags outputs;
  std::optional<std::string> template_def;
};

/// The DEF to change, for a placement that comes from elsewhere; its LEFs are the input's.
void read_template(const std::string& path, const std::vector<std::string>& lefs, Block& block) {
  InputPaths paths;
  paths.netlist = path;
  paths.lefs = lefs;
  if (netlist_format(path) != NetlistFormat::kDef) {
    throw netlist_io::OptionError("--template \"" + path + "\" is no .def");
  }
  InputNetlist input = read_input(paths);
  block.warnings.insert(block.warnings.end(), input.warnings.begin(), input.warnings.end());
  block.lefdef = std::move(input.lefdef);
}

/// Tells what the formats that are written cannot hold.
void warn_of_losses(const OutputFlags& outputs, Block& block) {
  const bool to_protobuf =
      std::any_of(outputs.paths.begin(), outputs.paths.end(), [](const std::string& path) {
        return path.ends_with(".pb.txt") || path.ends_with(".pb.txt.gz");
      });
  const std::size_t united = to_protobuf ? netlist_io::num_united_nets(block.netlist) : 0;
  if (united > 0) {
    block.warnings.push_back("a .pb.txt has one net per standard cell: " + std::to_string(united) +
                             " nets of cells that drive several are united with another one");
  }
}

int run(ConvertFlags flags) {
  const bool from_def = netlist_format(flags.block.input.netlist) == NetlistFormat::kDef;
  if (flags.template_def && from_def) {
    throw netlist_io::OptionError(
        "--template is for inputs that are no DEF; this one changes its own");
  }
  InputPaths origin = flags.block.input;
  origin.netlist = flags.template_def.value_or(origin.netlist);
  flags.outputs.check(origin);
  const std::vector<std::string> lefs = flags.block.input.lefs;
  if (flags.template_def) {
    flags.block.input.lefs.clear();
  }
  const std::unique_ptr<Block> block = read_block(flags.block, BlockUse::kLooking);
  print_notes(block->notes);
  if (flags.template_def) {
    read_template(*flags.template_def, lefs, *block);
  }
  warn_of_losses(flags.outputs, *block);
  flags.outputs.write(*block, block->placement);
  print_warnings(block->warnings);
  if (flags.common.json) {
    CostReport header;
    header.command = "convert";
    header.block = block.get();
    const nlohmann::ordered_json document = {{"schema_version", 1},
                                             {"tessera", version_text()},
                                             {"command", "convert"},
                                             {"design", header.to_json()["design"]},
                                             {"warnings", block->warnings},
                                             {"outputs", flags.outputs.paths}};
    print_json(document);
  }
  return kDone;
}

}  // namespace

void add_convert_command(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand(
      "convert", "Writes a netlist and its placement in other formats, as they are");
  const auto flags = std::make_shared<ConvertFlags>();
  flags->block.add_to(*command, "the placement to write");
  flags->common.add_to(*command);
  flags->outputs.add_to(*command);
  command
      ->add_option("--template",
                   flags->template_def,
                   "DEF in which the macros are placed, for a .def output; its LEFs by --lef")
      ->type_name("ORIGINAL.def");
  command->footer(examples({
      "tessera convert design.aux -o netlist.pb.txt.gz -o initial.plc",
      "tessera convert netlist.pb.txt.gz --plc placed.plc --template design.def --lef tech.lef -o "
      "placed.def",
  }));
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
