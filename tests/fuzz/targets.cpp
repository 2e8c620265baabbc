#include "tests/fuzz/targets.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/command.h"
#include "app/config_file.h"
#include "app/place_flags.h"
#include "app/training_flags.h"
#include "gnn/loaded_network.h"
#include "netlist_io/bookshelf/bookshelf.h"
#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/halo_file.h"
#include "netlist_io/lefdef/def_design.h"
#include "netlist_io/lefdef/design_netlist.h"
#include "netlist_io/lefdef/lef_library.h"
#include "netlist_io/macro_group_file.h"
#include "netlist_io/net_weights.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/placement.h"
#include "netlist_io/plc_file.h"
#include "placer/demonstration.h"

namespace tessera::testing {
namespace {

namespace fs = std::filesystem;
using netlist_io::Netlist;
using netlist_io::Placement;

/// A folder of this process, removed at its end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "tessera_fuzz_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      std::abort();
    }
    path_ = name;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() { fs::remove_all(path_); }

  std::string write(const std::string& name, std::string_view content) const {
    const fs::path path = path_ / name;
    std::ofstream(path, std::ios::binary).write(content.data(), std::ssize(content));
    return path.string();
  }

 private:
  fs::path path_;
};

std::string scratch_file(const std::string& name, std::string_view content) {
  static const ScratchFolder folder;
  return folder.write(name, content);
}

/// The part of `input` up to the next line that is `----`, which is taken off with it.
std::string_view take_part(std::string_view& input) {
  constexpr std::string_view kLine = "\n----\n";
  const std::size_t end = input.find(kLine);
  const std::string_view part = input.substr(0, end);
  input = end == std::string_view::npos ? std::string_view() : input.substr(end + kLine.size());
  return part;
}

/// Two macros with a pin each and a port.
const std::string& small_netlist_text() {
  static const std::string text = [] {
    std::string result;
    const auto macro = [&](const std::string& name) {
      result += "node {\n  name: \"" + name +
                "\"\n  attr { key: \"type\" value { placeholder: \"MACRO\" } }\n"
                "  attr { key: \"width\" value { f: 4 } }\n"
                "  attr { key: \"height\" value { f: 2 } }\n}\n"
                "node {\n  name: \"" +
                name +
                "/p\"\n  attr { key: \"type\" value { placeholder: \"MACRO_PIN\" } }\n"
                "  attr { key: \"macro_name\" value { placeholder: \"" +
                name + "\" } }\n}\n";
    };
    macro("M1");
    macro("M2");
    result +=
        "node {\n  name: \"in\"\n  input: \"M1/p\"\n  input: \"M2/p\"\n"
        "  attr { key: \"type\" value { placeholder: \"PORT\" } }\n}\n";
    return result;
  }();
  return text;
}

const Netlist& small_netlist() {
  static const Netlist netlist = netlist_io::parse_netlist(small_netlist_text(), "small").netlist;
  return netlist;
}

void use_netlist(std::string_view input) {
  const netlist_io::NetlistFile file = netlist_io::parse_netlist(input, "input");
  const std::string again = netlist_io::format_netlist(file.netlist, {});
  const netlist_io::NetlistFile read = netlist_io::parse_netlist(again, "again");
  if (read.netlist.num_nodes() != file.netlist.num_nodes()) {
    std::abort();
  }
}

void use_plc(std::string_view input) {
  netlist_io::parse_plc_header(input, "input");
  netlist_io::parse_plc(input, "input", small_netlist());
}

void use_lef(std::string_view input) {
  netlist_io::parse_lef(input, "input");
}

/// A LEF and a DEF.
void use_def(std::string_view input) {
  const netlist_io::LefLibrary library = netlist_io::parse_lef(take_part(input), "input.lef");
  const netlist_io::DefDesign design =
      netlist_io::parse_def(std::string(take_part(input)), "input.def", library);
  netlist_io::make_design_netlist(library, design);
}

/// Nodes, nets, places and rows.
void use_bookshelf(std::string_view input) {
  for (const char* const member : {"b.nodes", "b.nets", "b.pl", "b.scl", "b.wts"}) {
    scratch_file(member, take_part(input));
  }
  const std::string aux =
      scratch_file("b.aux", "RowBasedPlacement : b.nodes b.nets b.wts b.pl b.scl\n");
  netlist_io::to_netlist(netlist_io::read_bookshelf(aux));
}

void use_checkpoint(std::string_view input) {
  gnn::load_inference_network(scratch_file("checkpoint.safetensors", input));
}

void use_gzip(std::string_view input) {
  netlist_io::read_file(scratch_file("file.gz", input), std::size_t{1} << 22);
}

void use_demonstrations(std::string_view input) {
  placer::read_demonstrations(scratch_file("demonstrations.jsonl", input));
}

void use_macro_groups(std::string_view input) {
  netlist_io::parse_macro_groups(input, "input", small_netlist(), Placement(small_netlist()));
}

void use_net_weights(std::string_view input) {
  netlist_io::parse_net_weights(input, "input");
}

void use_halos(std::string_view input) {
  netlist_io::parse_halo_file(input, "input");
}

/// Runs the command line; its complaints about it are those of a reader.
void parse(CLI::App& app, std::vector<std::string> arguments) {
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    throw netlist_io::OptionError(error.what());
  }
}

/// The page that `tessera report` makes of the file.
void report(const std::string& source) {
  CLI::App app;
  int exit_code = 0;
  app::add_report_command(app, exit_code);
  parse(app, {"report", source, "-o", scratch_file("page.html", ""), "--allow-changed", "--quiet"});
}

/// The JSON of a run, which names `small.pb.txt` and `small.plc`.
void use_run(std::string_view input) {
  [[maybe_unused]] static const std::string netlist =
      scratch_file("small.pb.txt", small_netlist_text());
  [[maybe_unused]] static const std::string plc = [] {
    netlist_io::PlcHeader header;
    header.cols = 4;
    header.rows = 3;
    header.width = 20.0;
    header.height = 15.0;
    return scratch_file(
        "small.plc", netlist_io::format_plc(small_netlist(), header, Placement(small_netlist())));
  }();
  report(scratch_file("run.json", input));
}

void use_metrics(std::string_view input) {
  report(scratch_file("net.metrics.jsonl", input));
}

/// A configuration of a training.
void use_config(std::string_view input) {
  app::EnvironmentFlags environment;
  app::TrainingFlags training;
  CLI::App app;
  app::add_config_flag(app);
  std::uint64_t seed = 0;  // the other flags of all commands write logs
  app.add_option("--seed", seed);
  environment.add_to(app);
  training.add_to(app, "");
  parse(app, {"--config", scratch_file("training.toml", input)});
}

constexpr std::array<FuzzTarget, 14> kTargets = {{{"netlist", use_netlist},
                                                  {"plc", use_plc},
                                                  {"lef", use_lef},
                                                  {"def", use_def},
                                                  {"bookshelf", use_bookshelf},
                                                  {"checkpoint", use_checkpoint},
                                                  {"gzip", use_gzip},
                                                  {"demonstrations", use_demonstrations},
                                                  {"macro_groups", use_macro_groups},
                                                  {"net_weights", use_net_weights},
                                                  {"halos", use_halos},
                                                  {"run", use_run},
                                                  {"metrics", use_metrics},
                                                  {"config", use_config}}};

}  // namespace

std::span<const FuzzTarget> fuzz_targets() {
  return kTargets;
}

const FuzzTarget* find_fuzz_target(std::string_view name) {
  const auto* const found =
      std::find_if(kTargets.begin(), kTargets.end(), [&](const FuzzTarget& target) {
        return name == target.name;
      });
  return found == kTargets.end() ? nullptr : found;
}

}  // namespace tessera::testing
