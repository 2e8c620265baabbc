#include "app/searched_block.h"

#include <utility>

#include "cost/proxy_cost.h"
#include "netlist_io/macro_group_file.h"

namespace tessera::app {
namespace {

/// The block with another netlist and the rules of its macros.
Block grouped_block(const Block& input, const placer::MacroGroups& groups) {
  Block block;
  block.name = input.name;
  block.netlist = groups.netlist();
  block.canvas = input.canvas;
  block.cost = input.cost;
  block.header = input.header;
  block.placement = groups.collapse(input.placement);
  block.input_paths = input.input_paths;
  block.macro_rules = groups.space();
  return block;
}

}  // namespace

SearchedBlock::SearchedBlock(const Block& input,
                             const EnvironmentFlags& environment,
                             netlist_io::Placement fixed)
    : input_(input), input_fixed_(std::move(fixed)), environment_(environment) {
  if (!environment.macro_groups) {
    return;
  }
  groups_.emplace(
      input.netlist,
      input.canvas,
      input_fixed_,
      netlist_io::read_macro_groups(*environment.macro_groups, input.netlist, input_fixed_),
      environment.space_options(input));
  grouped_ = grouped_block(input, *groups_);
  grouped_fixed_ = groups_->collapse(input_fixed_);
  environment_.halo_file.reset();
  environment_.fix.reset();
}

netlist_io::Placement SearchedBlock::collapse(netlist_io::Placement placement) const {
  if (groups_) {
    return groups_->collapse(placement);
  }
  return placement;
}

netlist_io::Placement SearchedBlock::expand(netlist_io::Placement placement) const {
  if (groups_) {
    return groups_->expand(placement);
  }
  return placement;
}

void SearchedBlock::expand(PlacementReport& report) const {
  CostReport& cost_report = report.cost_report;
  cost_report.block = &input_;
  report.fixed = &input_fixed_;
  if (!groups_) {
    return;
  }
  report.details["groups"] = groups_json(report.placement);
  report.placement = groups_->expand(report.placement);
  for (Stage& stage : cost_report.stages) {
    if (stage.placement) {
      stage.placement = groups_->expand(*stage.placement);
    }
  }
  cost_report.cost =
      cost::ProxyCost(input_.netlist, input_.canvas, input_.cost).evaluate(report.placement);
  cost_report.stages.push_back({"groups taken apart", cost_report.cost.proxy, report.placement});
}

nlohmann::ordered_json SearchedBlock::groups_json(const netlist_io::Placement& grouped) const {
  nlohmann::ordered_json result = nlohmann::ordered_json::array();
  for (const placer::MacroGroups::Group& group : groups_->groups()) {
    const netlist_io::Rect box = grouped.box(groups_->netlist(), group.node);
    result.push_back({{"name", group.source.name},
                      {"columns", group.source.columns},
                      {"rows", group.source.rows},
                      {"orientation", to_string(grouped.orientation[group.node.index()])},
                      {"box_um", {box.x0, box.y0, box.x1, box.y1}}});
  }
  return result;
}

}  // namespace tessera::app
