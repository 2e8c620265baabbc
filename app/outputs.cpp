#include "app/outputs.h"

#include <filesystem>
#include <stdexcept>
#include <string_view>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/svg.h"

namespace tessera::app {
namespace {

enum class Format { kPlc, kNetlist, kSvg };

Format format_of(const std::string& path) {
  std::string_view name = path;
  if (name.ends_with(".gz")) {
    name.remove_suffix(3);
  }
  if (name.ends_with(".plc")) {
    return Format::kPlc;
  }
  if (name.ends_with(".pb.txt")) {
    return Format::kNetlist;
  }
  if (path.ends_with(".svg")) {
    return Format::kSvg;
  }
  throw netlist_io::OptionError("output \"" + path +
                                "\" has no known ending, expected .plc, .pb.txt (both also with "
                                ".gz) or .svg");
}

/// The netlist with the positions of a placement.
netlist_io::Netlist moved_netlist(const Block& block, const netlist_io::Placement& placement) {
  netlist_io::NetlistRecords records = block.netlist.records();
  for (std::size_t i = 0; i < records.nodes.size(); ++i) {
    records.nodes[i].x = placement.x[i];
    records.nodes[i].y = placement.y[i];
    records.nodes[i].orientation = placement.orientation[i];
  }
  return netlist_io::Netlist(std::move(records));
}

std::string content_for(Format format, const Block& block, const netlist_io::Placement& placement) {
  switch (format) {
    case Format::kPlc:
      return netlist_io::format_plc(block.netlist, block.header, placement);
    case Format::kNetlist:
      return netlist_io::format_netlist(moved_netlist(block, placement));
    case Format::kSvg: {
      netlist_io::SvgOptions options;
      options.title = block.name;
      return netlist_io::format_svg(block.netlist, block.canvas, placement, options);
    }
  }
  return {};
}

}  // namespace

void check_output_names(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    format_of(path);
    if (std::filesystem::is_directory(path)) {
      throw std::runtime_error(path + ": cannot be written: it is a folder");
    }
    if (!std::filesystem::is_directory(std::filesystem::absolute(path).parent_path())) {
      throw std::runtime_error(path + ": cannot be written: there is no such folder");
    }
  }
}

void write_outputs(const std::vector<std::string>& paths,
                   const Block& block,
                   netlist_io::Placement placement) {
  placement.fixed = block.placement.fixed;
  for (const std::string& path : paths) {
    netlist_io::write_file_atomic(path, content_for(format_of(path), block, placement));
  }
}

}  // namespace tessera::app
