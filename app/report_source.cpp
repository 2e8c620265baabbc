#include "app/report_source.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "app/input_netlist.h"
#include "app/options_json.h"
#include "app/place_flags.h"
#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/markup_text.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/sha256.h"

namespace tessera::app {
namespace {

namespace fs = std::filesystem;
using netlist_io::ParseError;
using nlohmann::ordered_json;

/// The flags of a run that say what it was about.
struct RunFlags {
  BlockFlags block;
  EnvironmentFlags environment;
};

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    text += (text.empty() ? "" : ",") + part;
  }
  return text;
}

/// Whether there is something; a name too long for the file system is none.
bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

class RunReader {
 public:
  RunReader(const std::string& path, const ReportOverrides& overrides)
      : path_(path), overrides_(overrides) {}

  ReadRun run() {
    read_document();
    try {
      read_files();
    } catch (const nlohmann::json::exception& error) {
      fail(std::string("its fields are not those of a run: ") + error.what());
    }
    return std::move(run_);
  }

 private:
  void read_files() {
    if (run_.document.value("options", ordered_json::object()).contains("macros-from")) {
      fail(
          "its hard macros are those of --macros-from; a report of `cost` for that netlist shows "
          "them");
    }
    const RunFlags flags = flags_in_force();
    check_inputs(flags);
    read_block_of(flags);
    check_unchanged(run_.block->input_paths);  // and the members of a Bookshelf design
    read_placement();
    check_cost();
  }

  [[noreturn]] void fail(const std::string& message) const {
    throw ParseError({path_, 0, 0}, message);
  }

  /// A complaint about a file that the user may overrule.
  void object(const std::string& message) {
    if (!overrides_.allow_changed) {
      fail(message + "; --allow-changed shows it all the same");
    }
    run_.notes.push_back(message);
  }

  void read_document() {
    const std::string text = netlist_io::read_file(path_);
    if (netlist_io::nests_deeper(text, netlist_io::kMaxJsonLevels)) {
      fail("its JSON is nested too deep");
    }
    run_.document = ordered_json::parse(text, nullptr, false);
    if (run_.document.is_discarded()) {
      fail("this is no JSON document");
    }
    if (!is_run_document(run_.document)) {
      fail("this is no JSON document of `place`, `refine` or `cost`");
    }
    run_.name = fs::path(path_).stem().string();
  }

  const std::string& command() const {
    return run_.document["command"].get_ref<const std::string&>();
  }

  /// The path as given, else as seen from the document's folder; the former if there is neither.
  std::string resolved(const std::string& given) const {
    if (is_there(given) || fs::path(given).is_absolute()) {
      return given;
    }
    const fs::path beside = fs::path(path_).parent_path() / given;
    return is_there(beside) ? beside.string() : given;
  }
  void resolve(std::optional<std::string>& given) const {
    if (given) {
      given = resolved(*given);
    }
  }

  RunFlags flags_in_force() {
    RunFlags flags;
    CLI::App app;
    flags.block.add_to(app);
    flags.environment.add_to(app);
    ordered_json options = run_.document.value("options", ordered_json::object());
    if (overrides_.netlist) {
      options["netlist"] = std::vector<std::string>{*overrides_.netlist};
    }
    if (!overrides_.lefs.empty()) {
      options["lef"] = overrides_.lefs;
    }
    if (!options.contains("netlist")) {
      fail("it does not tell the options of the run; --netlist and --plc name its files");
    }
    try {
      parse_options_json(options, app);
    } catch (const std::exception& error) {
      fail(std::string("the options of the run cannot be read: ") + error.what());
    }
    std::vector<std::string> parts = split_at_commas(flags.block.input.netlist);
    for (std::string& part : parts) {
      part = resolved(part);
    }
    flags.block.input.netlist = joined(parts);
    for (std::string& lef : flags.block.input.lefs) {
      lef = resolved(lef);
    }
    resolve(flags.block.input.plc);
    resolve(flags.block.input.net_weights);
    resolve(flags.environment.halo_file);
    return flags;
  }

  /// Whether the run has written over it, as `refine P -o P` does.
  bool is_output(const std::string& file) const {
    const ordered_json outputs = run_.document.value("outputs", ordered_json::array());
    return std::find(outputs.begin(), outputs.end(), file) != outputs.end();
  }

  void check_inputs(const RunFlags& flags) {
    std::vector<std::string> used = split_at_commas(flags.block.input.netlist);
    used.insert(used.end(), flags.block.input.lefs.begin(), flags.block.input.lefs.end());
    for (const std::optional<std::string>& file :
         {flags.block.input.plc, flags.block.input.net_weights, flags.environment.halo_file}) {
      if (file) {
        used.push_back(*file);
      }
    }
    for (const std::string& file : used) {
      if (!is_there(file)) {
        fail("its input \"" + file + "\" is not there; --netlist and --lef name files instead");
      }
    }
    check_unchanged(used);
  }

  /// Whether those of the files that the run has read are what it has read; each is looked at once.
  void check_unchanged(const std::vector<std::string>& used) {
    for (const ordered_json& input : run_.document.value("inputs", ordered_json::array())) {
      const std::string given = input.value("path", "");
      const std::string file = resolved(given);
      const bool read_again =
          std::find(used.begin(), used.end(), file) != used.end() && is_file(file);
      if (read_again && !is_output(given) && checked_.insert(file).second &&
          netlist_io::sha256_hex_of_file(file) != input.value("sha256", "")) {
        object("its input \"" + file + "\" has changed since the run");
      }
    }
  }

  void read_block_of(const RunFlags& flags) {
    const BlockUse use = command() == "cost" ? BlockUse::kLooking : BlockUse::kPlacing;
    const ordered_json seed = run_.document.value("seed", ordered_json(1U));
    if (!seed.is_number_unsigned()) {
      fail("its seed is no integer from 0 on");
    }
    BlockFlags block = flags.block;
    if (use == BlockUse::kLooking && overrides_.plc) {
      block.input.plc = overrides_.plc;
    }
    auto read = read_block(block, use, ClusteringSettings::with(seed.get<std::uint64_t>(), 1));
    run_.placement = flags.environment.apply_fixes(*read);
    run_.spacing = flags.environment.space_options(*read).spacing;
    run_.block = std::move(read);
  }

  static bool is_plc(std::string_view path) {
    return path.ends_with(".plc") || path.ends_with(".plc.gz");
  }

  /// Where the run has left its placement.
  std::string written_placement() const {
    if (overrides_.plc) {
      return *overrides_.plc;
    }
    for (const ordered_json& output : run_.document.value("outputs", ordered_json::array())) {
      const auto file = output.get<std::string>();
      if (is_plc(file)) {
        if (!is_there(resolved(file))) {
          fail("its output \"" + file + "\" is not there; --plc names a file instead");
        }
        return resolved(file);
      }
    }
    fail(
        "the run wrote no .plc to show; -o X.plc makes it write one, -o X.html or --report makes "
        "the report in the same run, and --plc names a file");
  }

  void read_placement() {
    if (command() == "cost") {
      return;  // it shows what it was given
    }
    const std::vector<std::uint8_t> fixed = run_.placement.fixed;
    run_.placement = netlist_io::read_plc(written_placement(), run_.block->netlist).placement;
    run_.placement.fixed = fixed;
  }

  void check_cost() {
    if (run_.document.contains("flat") && command() == "cost") {
      run_.notes.push_back(
          "The standard cells were placed for the judgement only: maps show them where the input "
          "has them.");
      return;
    }
    const double proxy = cost::ProxyCost(run_.block->netlist, run_.block->canvas, run_.block->cost)
                             .evaluate(run_.placement)
                             .proxy;
    const double told = run_.document["cost"].value("proxy", 0.0);
    constexpr double kTolerance = 1e-9;  // a .plc keeps every bit; compilers differ in the last
    if (!(std::abs(proxy - told) <= kTolerance * std::max(1.0, std::abs(told)))) {
      char message[160];
      std::snprintf(message,
                    sizeof message,
                    "the placement read has a proxy of %.9f, but the run had %.9f",
                    proxy,
                    told);
      object(message);
    }
  }

  const std::string& path_;
  const ReportOverrides& overrides_;
  std::set<std::string> checked_;
  ReadRun run_;
};

}  // namespace

bool is_run_document(const ordered_json& document) {
  const auto is_object = [&document](const char* key) {
    return document.contains(key) && document[key].is_object();
  };
  if (!document.is_object() || !document.contains("tessera") || !is_object("design") ||
      !is_object("cost") || !is_object("weights") ||
      !document["design"].value("name", ordered_json("")).is_string()) {
    return false;
  }
  const ordered_json command = document.value("command", ordered_json());
  return command == "place" || command == "refine" || command == "cost";
}

ReadRun read_run(const std::string& path, const ReportOverrides& overrides) {
  return RunReader(path, overrides).run();
}

}  // namespace tessera::app
