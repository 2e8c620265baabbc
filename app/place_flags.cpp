#include "app/place_flags.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <regex>
#include <tuple>

#include <nlohmann/json.hpp>

#include "netlist_io/errors.h"
#include "netlist_io/halo_file.h"
#include "netlist_io/name_pattern.h"
#include "netlist_io/number_text.h"

namespace tessera::app {
namespace {

/// X and Y of a flag that takes `X[,Y]`.
std::pair<double, double> x_and_y(const char* flag, const std::vector<double>& values) {
  if (values.empty() || values.size() > 2) {
    throw netlist_io::OptionError(std::string(flag) + " has " + std::to_string(values.size()) +
                                  " numbers, expected X or X,Y");
  }
  for (const double value : values) {
    if (!netlist_io::is_in_range(value) || value < 0.0) {
      std::string found;
      netlist_io::append_number(found, value);
      throw netlist_io::OptionError(std::string(flag) + " is " + found +
                                    ", expected microns from 0 to 1e9");
    }
  }
  return {values.front(), values.back()};
}

/// Throws `ParseError` for a rule that is about no macro, most likely a slip of the pen.
void check_rules_match(const std::vector<netlist_io::HaloRule>& rules, const Block& block) {
  const auto macros = block.netlist.hard_macros();
  for (const netlist_io::HaloRule& rule : rules) {
    const bool found = std::any_of(macros.begin(), macros.end(), [&](netlist_io::NodeId macro) {
      return matches(rule, block.netlist.name(macro), block.master_name(macro));
    });
    if (!found) {
      throw netlist_io::ParseError(rule.location,
                                   "no hard macro nor its master matches \"" + rule.text + "\"");
    }
  }
}

/// The halos of the file's rules; macros that none matches keep those of the design.
std::shared_ptr<const std::vector<placer::Halo>> halos_from_file(const std::string& path,
                                                                 const Block& block) {
  const std::vector<netlist_io::HaloRule> rules = netlist_io::read_halo_file(path);
  check_rules_match(rules, block);
  std::vector<placer::Halo> halos(block.netlist.num_nodes());
  if (block.macro_rules.spacing.own_halos) {
    halos = *block.macro_rules.spacing.own_halos;
  }
  for (const netlist_io::NodeId macro : block.netlist.hard_macros()) {
    const netlist_io::HaloRule* const rule =
        find_halo_rule(rules, block.netlist.name(macro), block.master_name(macro));
    if (rule != nullptr) {
      halos[macro.index()] = {rule->left, rule->bottom, rule->right, rule->top};
    }
  }
  return std::make_shared<const std::vector<placer::Halo>>(std::move(halos));
}

/// A flag whose value a network must see as it was trained with.
struct TrainedFlag {
  const char* name;
  const char* key;  ///< in checkpoints
  std::string EnvironmentFlags::*value;
  std::array<const char*, 3> values;  ///< null: there are only two
  const char* help;
};

constexpr std::array<TrainedFlag, 3> kTrainedFlags = {
    {{"--order",
      "order",
      &EnvironmentFlags::order,
      {"area", "connectivity", nullptr},
      "order in which macros are placed; a checkpoint brings its own, unless this is given"},
     {"--cluster-placer",
      "cluster_placer",
      &EnvironmentFlags::cluster_placer,
      {"gradient", "circuit-training", nullptr},
      "solver that places the soft macros at the end of an episode; as for --order"},
     {"--position-prior",
      "prior",
      &EnvironmentFlags::prior,
      {"centre", "force-directed", "analytic"},
      "where nodes not yet placed appear to the policy; as for --order"}}};

std::vector<std::string> values_of(const TrainedFlag& flag) {
  std::vector<std::string> values;
  for (const char* const value : flag.values) {
    if (value != nullptr) {
      values.emplace_back(value);
    }
  }
  return values;
}

/// The value of the flag in what a checkpoint says.
std::string trained_value(const TrainedFlag& flag,
                          const std::string& trained,
                          const std::string& checkpoint) {
  const nlohmann::json object = nlohmann::json::parse(trained, nullptr, /*allow_exceptions=*/false);
  const std::vector<std::string> values = values_of(flag);
  const auto found = object.is_object() ? object.find(flag.key) : object.end();
  if (found == object.end() || !found->is_string() ||
      std::find(values.begin(), values.end(), found->get<std::string>()) == values.end()) {
    throw netlist_io::ParseError({checkpoint, 0, 0},
                                 std::string("the environment of the checkpoint has no ") +
                                     flag.key + " that we know: " + trained);
  }
  return found->get<std::string>();
}

}  // namespace

void EnvironmentFlags::add_to(CLI::App& command) {
  const char* const group = "Environment";
  for (const TrainedFlag& flag : kTrainedFlags) {
    trained_options_.push_back(command.add_option(flag.name, this->*flag.value, flag.help)
                                   ->check(CLI::IsMember(values_of(flag)))
                                   ->capture_default_str()
                                   ->group(group));
  }
  command.add_option("--halo", halo, "keep-out around each hard macro, in microns")
      ->delimiter(',')
      ->allow_extra_args(false)  // one list a flag, so that NETLIST may follow
      ->type_name("X[,Y]")
      ->group(group);
  command
      .add_option("--halo-file",
                  halo_file,
                  "keep-outs of single macros: lines of PATTERN X, PATTERN X Y or PATTERN LEFT "
                  "BOTTOM RIGHT TOP; the pattern matches the instance or its master")
      ->type_name("FILE")
      ->group(group);
  command.add_option("--channel", channel, "least gap between two hard macros, in microns")
      ->delimiter(',')
      ->allow_extra_args(false)  // one list a flag, so that NETLIST may follow
      ->type_name("X[,Y]")
      ->group(group);
  command
      .add_option("--fix", fix, "hard macros whose whole names match stay where the input has them")
      ->type_name("REGEX")
      ->group(group);
  command
      .add_option(
          "--macro-groups",
          macro_groups,
          "hard macros that keep their places relative to each other, a group a line: array "
          "NAME COLSxROWS MACRO..., row NAME MACRO... or column NAME MACRO...")
      ->type_name("FILE")
      ->group(group);
}

void EnvironmentFlags::append_files(std::vector<std::string>& paths) const {
  for (const std::optional<std::string>& file : {halo_file, macro_groups}) {
    if (file) {
      paths.push_back(*file);
    }
  }
}

void EnvironmentFlags::add_for_corpus(CLI::App& command) {
  order = "connectivity";
  add_to(command);
  for (const char* const name : {"--halo", "--halo-file", "--channel", "--fix", "--macro-groups"}) {
    command.remove_option(command.get_option(name));
  }
}

std::string EnvironmentFlags::trained_with() const {
  nlohmann::ordered_json object;
  for (const TrainedFlag& flag : kTrainedFlags) {
    object[flag.key] = this->*flag.value;
  }
  return object.dump();
}

std::vector<std::string> EnvironmentFlags::follow(const std::string& trained,
                                                  const std::string& checkpoint) {
  std::vector<std::string> warnings;
  if (trained.empty()) {
    return warnings;
  }
  for (std::size_t i = 0; i < kTrainedFlags.size(); ++i) {
    const TrainedFlag& flag = kTrainedFlags[i];
    const std::string value = trained_value(flag, trained, checkpoint);
    const bool given = i < trained_options_.size() && trained_options_[i]->count() > 0;
    if (!given) {
      this->*flag.value = value;
    } else if (this->*flag.value != value) {
      std::string& warning = warnings.emplace_back(flag.name);
      warning.append(" is ").append(this->*flag.value).append(", but ").append(checkpoint);
      warning.append(" was trained with ").append(value);
    }
  }
  return warnings;
}

netlist_io::Placement EnvironmentFlags::apply_fixes(const Block& block) const {
  netlist_io::Placement placement = block.placement;
  if (!fix) {
    return placement;
  }
  try {
    const std::regex pattern = netlist_io::name_pattern(*fix);
    bool found = false;
    for (const netlist_io::NodeId macro : block.netlist.hard_macros()) {
      if (std::regex_match(block.netlist.name(macro), pattern)) {
        if (placement.placed[macro.index()] == 0) {
          throw netlist_io::OptionError("--fix \"" + *fix + "\" matches hard macro " +
                                        block.netlist.name(macro) +
                                        ", which the input does not place");
        }
        placement.fixed[macro.index()] = 1;
        found = true;
      }
    }
    if (!found) {
      throw netlist_io::OptionError("--fix \"" + *fix + "\" matches no hard macro");
    }
  } catch (const std::regex_error& error) {
    throw netlist_io::OptionError("--fix \"" + *fix +
                                  "\" is not a regular expression: " + error.what());
  }
  return placement;
}

placer::MacroSpaceOptions EnvironmentFlags::space_options(const Block& block) const {
  placer::MacroSpaceOptions options = block.macro_rules;
  std::tie(options.spacing.halo_x_um, options.spacing.halo_y_um) = x_and_y("--halo", halo);
  std::tie(options.spacing.channel_x_um, options.spacing.channel_y_um) =
      x_and_y("--channel", channel);
  if (halo_file) {
    options.spacing.own_halos = halos_from_file(*halo_file, block);
  }
  return options;
}

placer::MacroProblemOptions EnvironmentFlags::episode_options() const {
  placer::MacroProblemOptions options;
  options.order = order == "area" ? placer::MacroOrder::kArea : placer::MacroOrder::kConnectivity;
  options.prior = prior == "centre"     ? placer::PositionPrior::kCanvasCentre
                  : prior == "analytic" ? placer::PositionPrior::kAnalytic
                                        : placer::PositionPrior::kForceDirected;
  options.cluster_solver = cluster_placer == "gradient" ? placer::ClusterSolver::kGradient
                                                        : placer::ClusterSolver::kForceDirected;
  return options;
}

placer::MacroProblemOptions EnvironmentFlags::problem_options(const Block& block) const {
  placer::MacroProblemOptions options = episode_options();
  options.cost = block.cost;
  options.spacing = space_options(block).spacing;
  return options;
}

placer::MacroProblemOptions EnvironmentFlags::problem_options(
    const placer::CorpusBlock& block) const {
  placer::MacroProblemOptions options = episode_options();
  options.cost = block.cost;
  return options;
}

}  // namespace tessera::app
