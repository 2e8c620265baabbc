#include "app/episode_frames.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <regex>

#include "app/outputs.h"
#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/svg.h"

namespace tessera::app {
namespace {

namespace fs = std::filesystem;
using netlist_io::NodeId;
using netlist_io::Placement;

/// What stands around the number in the names of a series, and how many digits it has at least.
struct SeriesName {
  std::string before;
  int digits = 0;
  std::string after;

  std::string file(std::size_t number) const {
    std::string text = std::to_string(number);
    const auto missing = static_cast<std::size_t>(std::max(0, digits)) -
                         std::min(text.size(), static_cast<std::size_t>(std::max(0, digits)));
    return before + std::string(missing, '0') + text + after;
  }
};

/// None if `path` names one file.
std::optional<SeriesName> series_name(const std::string& path) {
  if (fs::is_directory(path)) {
    return SeriesName{(fs::path(path) / "frame_").string(), 4, ".svg"};
  }
  std::smatch match;
  if (!std::regex_match(path, match, std::regex("([^%]*)%(?:0([1-9]))?d([^%]*)"))) {
    return std::nullopt;
  }
  return SeriesName{match[1], match[2].matched ? std::stoi(match[2]) : 0, match[3]};
}

/// The placement before the macros from `step` on and the clusters are placed.
Placement placement_at(const Block& block,
                       const Placement& placement,
                       std::span<const NodeId> order,
                       std::size_t step) {
  Placement result = placement;
  for (const NodeId macro : order.subspan(step)) {
    result.placed[macro.index()] = 0;
  }
  for (const NodeId cluster : block.netlist.soft_macros()) {
    if (placement.fixed[cluster.index()] == 0) {
      result.placed[cluster.index()] = 0;
    }
  }
  return result;
}

void write_series(const SeriesName& name,
                  const Block& block,
                  const Placement& placement,
                  std::span<const NodeId> order) {
  netlist_io::SvgOptions options;
  const auto write = [&](std::size_t frame, const Placement& at) {
    options.title = block.name + ", " + std::to_string(std::min(frame, order.size())) + " of " +
                    std::to_string(order.size()) + " macros";
    netlist_io::write_file_atomic(name.file(frame),
                                  netlist_io::format_svg(block.netlist, block.canvas, at, options));
  };
  for (std::size_t step = 0; step <= order.size(); ++step) {
    write(step, placement_at(block, placement, order, step));
  }
  write(order.size() + 1, placement);
}

}  // namespace

void check_frames_path(const std::string& path) {
  if (fs::is_directory(path)) {
    return;
  }
  const bool series = series_name(path).has_value();
  if (!path.ends_with(".svg") || (!series && path.find('%') != std::string::npos)) {
    throw netlist_io::OptionError(
        "--frames \"" + path +
        "\" is neither a folder nor an .svg, with one %d or %04d in it for a series");
  }
  check_writable(path);
}

void write_episode_frames(const std::string& path,
                          const Block& block,
                          const Placement& placement,
                          std::span<const NodeId> order) {
  if (const std::optional<SeriesName> series = series_name(path)) {
    write_series(*series, block, placement, order);
    return;
  }
  // About 15 seconds in all, but no faster than one can follow and no slower than one likes to.
  constexpr double kEpisode_s = 15.0;
  netlist_io::SvgAnimationOptions options;
  options.picture.title = block.name;
  options.step_s = std::clamp(
      kEpisode_s / static_cast<double>(std::max<std::size_t>(1, order.size())), 0.04, 0.4);
  netlist_io::write_file_atomic(
      path,
      netlist_io::format_svg_animation(block.netlist, block.canvas, placement, order, options));
}

}  // namespace tessera::app
