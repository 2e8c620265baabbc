#include "app/place_flags.h"

#include <regex>

#include "netlist_io/errors.h"

namespace tessera::app {

void EnvironmentFlags::add_to(CLI::App& command) {
  const char* const group = "Environment";
  command.add_option("--order", order, "order in which the macros are placed")
      ->check(CLI::IsMember({"area", "connectivity"}))
      ->capture_default_str()
      ->group(group);
  command.add_option("--position-prior", prior, "where nodes not yet placed appear to the policy")
      ->check(CLI::IsMember({"centre", "force-directed"}))
      ->capture_default_str()
      ->group(group);
  command.add_option("--halo", halo, "keep-out around each hard macro, microns")
      ->delimiter(',')
      ->expected(1, 2)
      ->check(CLI::NonNegativeNumber)
      ->type_name("X[,Y]")
      ->group(group);
  command.add_option("--channel", channel, "least gap between two hard macros, microns")
      ->delimiter(',')
      ->expected(1, 2)
      ->check(CLI::NonNegativeNumber)
      ->type_name("X[,Y]")
      ->group(group);
  command
      .add_option(
          "--fix", fix, "hard macros whose whole name matches stay where the input has them")
      ->type_name("REGEX")
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

placer::MacroProblemOptions EnvironmentFlags::problem_options(const cost::CostOptions& cost) const {
  placer::MacroProblemOptions options;
  options.cost = cost;
  options.order = order == "area" ? placer::MacroOrder::kArea : placer::MacroOrder::kConnectivity;
  options.prior = prior == "centre" ? placer::PositionPrior::kCanvasCentre
                                    : placer::PositionPrior::kForceDirected;
  options.spacing = {halo.front(), halo.back(), channel.front(), channel.back()};
  return options;
}

}  // namespace tessera::app
