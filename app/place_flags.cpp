#include "app/place_flags.h"

#include <cmath>
#include <regex>
#include <tuple>

#include "netlist_io/errors.h"
#include "netlist_io/halo_file.h"

namespace tessera::app {
namespace {

/// X and Y of a flag that takes `X[,Y]`.
std::pair<double, double> x_and_y(const char* flag, const std::vector<double>& values) {
  if (values.empty() || values.size() > 2) {
    throw netlist_io::OptionError(std::string(flag) + " has " + std::to_string(values.size()) +
                                  " numbers, expected X or X,Y");
  }
  for (const double value : values) {
    if (!std::isfinite(value) || value < 0.0) {
      throw netlist_io::OptionError(std::string(flag) + " is " + std::to_string(value) +
                                    ", expected a finite number of microns >= 0");
    }
  }
  return {values.front(), values.back()};
}

/// The halos of the file's rules; macros that none matches keep those of the design.
std::shared_ptr<const std::vector<placer::Halo>> halos_from_file(const std::string& path,
                                                                 const Block& block) {
  const std::vector<netlist_io::HaloRule> rules = netlist_io::read_halo_file(path);
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

}  // namespace

void EnvironmentFlags::add_to(CLI::App& command) {
  const char* const group = "Environment";
  command.add_option("--order", order, "order in which the macros are placed")
      ->check(CLI::IsMember({"area", "connectivity"}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--cluster-placer",
                  cluster_placer,
                  "solver that places the soft macros at the end of an episode")
      ->check(CLI::IsMember({"gradient", "circuit-training"}))
      ->capture_default_str()
      ->group("Environment");
  command.add_option("--position-prior", prior, "where nodes not yet placed appear to the policy")
      ->check(CLI::IsMember({"centre", "force-directed", "analytic"}))
      ->capture_default_str()
      ->group(group);
  command.add_option("--halo", halo, "keep-out around each hard macro, microns")
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
  command.add_option("--channel", channel, "least gap between two hard macros, microns")
      ->delimiter(',')
      ->allow_extra_args(false)  // one list a flag, so that NETLIST may follow
      ->type_name("X[,Y]")
      ->group(group);
  command
      .add_option(
          "--fix", fix, "hard macros whose whole name matches stay where the input has them")
      ->type_name("REGEX")
      ->group(group);
  command
      .add_option("--macro-groups",
                  macro_groups,
                  "hard macros that keep their places relative to each other: lines of array NAME "
                  "COLSxROWS MACRO..., row NAME MACRO... or column NAME MACRO...")
      ->type_name("FILE")
      ->group(group);
}

netlist_io::Placement EnvironmentFlags::apply_fixes(const Block& block) const {
  netlist_io::Placement placement = block.placement;
  if (!fix) {
    return placement;
  }
  try {
    const std::regex pattern(*fix);
    for (const netlist_io::NodeId macro : block.netlist.hard_macros()) {
      if (std::regex_match(block.netlist.name(macro), pattern)) {
        placement.fixed[macro.index()] = 1;
      }
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

placer::MacroProblemOptions EnvironmentFlags::problem_options(const Block& block) const {
  placer::MacroProblemOptions options;
  options.cost = block.cost;
  options.order = order == "area" ? placer::MacroOrder::kArea : placer::MacroOrder::kConnectivity;
  options.prior = prior == "centre"     ? placer::PositionPrior::kCanvasCentre
                  : prior == "analytic" ? placer::PositionPrior::kAnalytic
                                        : placer::PositionPrior::kForceDirected;
  options.cluster_solver = cluster_placer == "gradient" ? placer::ClusterSolver::kGradient
                                                        : placer::ClusterSolver::kForceDirected;
  options.spacing = space_options(block).spacing;
  return options;
}

}  // namespace tessera::app
