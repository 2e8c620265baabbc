#include "app/outputs.h"

#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <exception>
#include <filesystem>
#include <limits>
#include <set>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <unistd.h>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/lefdef/def_writer.h"
#include "netlist_io/lefdef/tcl_writer.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/svg.h"

namespace tessera::app {
namespace {

using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::OptionError;
using netlist_io::Placement;

enum class Format { kPlc, kNetlist, kDef, kTcl, kPl, kAux, kSvg, kHtml };

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
  if (name.ends_with(".def")) {
    return Format::kDef;
  }
  if (path.ends_with(".tcl")) {
    return Format::kTcl;
  }
  if (name.ends_with(".pl")) {
    return Format::kPl;
  }
  if (name.ends_with(".aux")) {
    return Format::kAux;
  }
  if (path.ends_with(".svg")) {
    return Format::kSvg;
  }
  if (path.ends_with(".html")) {
    return Format::kHtml;
  }
  throw OptionError("output \"" + path +
                    "\" has no known ending, expected .plc, .pb.txt, .def, .pl, .aux (these also "
                    "with .gz), .tcl, .svg or .html");
}

void check_format(const std::string& path, NetlistFormat input) {
  const Format format = format_of(path);
  if (format == Format::kDef && input != NetlistFormat::kDef) {
    throw OptionError(
        "output \"" + path +
        "\" is a DEF, which is written by changing the input DEF; this input is none");
  }
  if (format == Format::kPl && input != NetlistFormat::kBookshelf) {
    throw OptionError("output \"" + path +
                      "\" belongs to a Bookshelf design, but the input is none");
  }
}

/// The netlist with the positions of a placement.
Netlist moved_netlist(const Block& block, const Placement& placement) {
  netlist_io::NetlistRecords records = block.netlist.records();
  for (std::size_t i = 0; i < records.nodes.size(); ++i) {
    records.nodes[i].x = placement.x[i];
    records.nodes[i].y = placement.y[i];
    records.nodes[i].orientation = placement.orientation[i];
  }
  return Netlist(std::move(records));
}

/// Lower-left corner of a hard macro in the units of the DEF.
netlist_io::DefPoint def_corner(const Block& block, NodeId macro, const netlist_io::Rect& box) {
  const LefDefSource& source = *block.lefdef;
  constexpr double kMost = std::numeric_limits<std::int32_t>::max();
  const double per_um = source.design.database_units;
  for (const auto& [um, origin] :
       {std::pair(box.x0, source.netlist.origin.x), std::pair(box.y0, source.netlist.origin.y)}) {
    if (!(std::abs(um * per_um + origin) < kMost)) {
      throw OptionError("hard macro " + block.netlist.name(macro) + " stands at " +
                        std::to_string(box.x0) + ", " + std::to_string(box.y0) +
                        " um, beyond the coordinates of a DEF with " +
                        std::to_string(source.design.database_units) + " units a micron");
    }
  }
  return def_point(source.netlist, source.design, box.x0, box.y0);
}

/// Placed hard macros that may move, as tools that are not of ours take them.
std::vector<netlist_io::TclMacro> placed_macros(const Block& block, const Placement& placement) {
  std::vector<netlist_io::TclMacro> macros;
  for (const NodeId macro : block.netlist.hard_macros()) {
    if (placement.fixed[macro.index()] != 0 || placement.placed[macro.index()] == 0) {
      continue;
    }
    const netlist_io::Rect box = placement.box(block.netlist, macro);
    netlist_io::TclMacro placed = {
        block.netlist.name(macro), box.x0, box.y0, placement.orientation[macro.index()]};
    if (block.lefdef) {
      const double dbu_per_um = block.lefdef->design.database_units;
      const netlist_io::DefPoint at = def_corner(block, macro, box);
      placed.x = at.x / dbu_per_um;
      placed.y = at.y / dbu_per_um;
    }
    macros.push_back(std::move(placed));
  }
  return macros;
}

/// Components are found by name: the DEF may be a template for a placement from elsewhere.
std::string def_text(const Block& block, const Placement& placement) {
  const netlist_io::DefDesign& design = block.lefdef->design;
  std::unordered_map<std::string_view, std::uint32_t> component_of_name;
  for (std::size_t c = 0; c < design.components.size(); ++c) {
    component_of_name.emplace(design.components[c].name, static_cast<std::uint32_t>(c));
  }
  std::vector<netlist_io::DefMove> moves;
  for (const NodeId macro : block.netlist.hard_macros()) {
    const auto found = component_of_name.find(block.netlist.name(macro));
    if (found == component_of_name.end()) {
      throw netlist_io::ParseError(
          {design.path, 0, 0}, "there is no component for hard macro " + block.netlist.name(macro));
    }
    using netlist_io::PlacementStatus;
    const PlacementStatus status = design.components[found->second].status;
    const bool stays = status == PlacementStatus::kFixed || status == PlacementStatus::kCover;
    if (!stays && placement.placed[macro.index()] != 0) {
      const netlist_io::Rect box = placement.box(block.netlist, macro);
      // Fixed by a placement from elsewhere, for which the DEF is a template.
      const bool fixed = placement.fixed[macro.index()] != 0;
      moves.push_back({found->second,
                       def_corner(block, macro, box),
                       placement.orientation[macro.index()],
                       fixed ? PlacementStatus::kFixed : PlacementStatus::kPlaced});
    }
  }
  return netlist_io::format_def(design, moves);
}

/// What is written: a placement of the block and, if the flat netlist has been placed, its cells.
struct Placed {
  const Block& block;
  const Placement& placement;
  const Placement* flat;
};

/// The Bookshelf design that was read, with the macros placed, and the cells of a clustered block
/// where the flat placer put them, else at their clusters.
netlist_io::BookshelfDesign placed_bookshelf(const Placed& placed) {
  const auto& [block, placement, flat] = placed;
  netlist_io::BookshelfDesign design = block.bookshelf->design;
  if (block.flat) {
    apply_placement(block.bookshelf->netlist,
                    flat != nullptr
                        ? *flat
                        : block.flat->clustering.spread_to_flat(placement, block.flat->placement),
                    design);
  } else {
    apply_placement(block.bookshelf->netlist, placement, design);
  }
  return design;
}

/// A Bookshelf design is written as it was read, anything else as the netlist that was placed.
void write_aux(const std::string& path, const Placed& placed) {
  const bool compress = path.ends_with(".gz");
  const Block& block = placed.block;
  write_bookshelf(block.bookshelf ? placed_bookshelf(placed)
                                  : make_bookshelf(block.netlist, placed.placement, block.canvas),
                  path,
                  compress);
}

std::string content_for(Format format, const OutputFlags& flags, const Placed& placed) {
  const Block& block = placed.block;
  const Placement& placement = placed.placement;
  switch (format) {
    case Format::kPlc:
      return netlist_io::format_plc(block.netlist, block.header, placement);
    case Format::kNetlist:
      return netlist_io::format_netlist(moved_netlist(block, placement), flags.number_style);
    case Format::kDef:
      return def_text(block, placement);
    case Format::kTcl:
      return netlist_io::format_tcl(placed_macros(block, placement),
                                    flags.tcl_dialect == "innovus"
                                        ? netlist_io::TclDialect::kInnovus
                                        : netlist_io::TclDialect::kOpenRoad);
    case Format::kPl:
      return format_bookshelf_pl(placed_bookshelf(placed));
    case Format::kAux:  // several files
    case Format::kHtml:
      break;
    case Format::kSvg: {
      netlist_io::SvgOptions options;
      options.title = block.name;
      return netlist_io::format_svg(block.netlist, block.canvas, placement, options);
    }
  }
  return {};
}

}  // namespace

void check_writable(const std::string& path) {
  std::error_code ignored;  // what is hidden is not there
  if (std::filesystem::is_directory(path, ignored)) {
    throw std::runtime_error(path + ": cannot be written: it is a folder");
  }
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  if (!std::filesystem::is_directory(folder, ignored)) {
    throw std::runtime_error(path + ": cannot be written: there is no such folder");
  }
  if (::access(folder.c_str(), W_OK) != 0) {  // the file is made anew in there
    throw std::runtime_error(path + ": cannot be written: " + folder.string() + ": " +
                             std::strerror(errno));
  }
}

void check_report(const std::string& path) {
  if (!path.ends_with(".html")) {
    throw OptionError("report \"" + path + "\" does not end in .html");
  }
  check_writable(path);
}

void OutputFlags::add_to(CLI::App& command) {
  command
      .add_option(
          "-o,--output",
          paths,
          "file to write, in the format of its ending: .plc, .pb.txt, .def, .pl, .aux (each "
          "also with .gz), .tcl, .svg; once per file")
      ->required()
      ->type_name("FILE")
      ->take_all()
      ->allow_extra_args(false);  // one FILE a flag, so that NETLIST may follow
  command.add_option("--tcl-dialect", tcl_dialect, "tool whose commands a .tcl has")
      ->check(CLI::IsMember({"openroad", "innovus"}))
      ->capture_default_str();
}

void OutputFlags::add_report_to(CLI::App& command) {
  takes_report = true;
  command
      .add_option("--report",
                  report,
                  "page that shows the placement with its maps, stages and settings; the same as "
                  "-o FILE.html")
      ->type_name("FILE.html");
  command.get_option("--output")
      ->description(
          "file to write, in the format of its ending: .plc, .pb.txt, .def, .pl, .aux (each also "
          "with .gz), .tcl, .svg, .html; once per file");
}

void OutputFlags::check(const InputPaths& input) const {
  for (const std::string& path : paths) {
    check_format(path, netlist_format(input.netlist));
    if (format_of(path) == Format::kHtml && !takes_report) {
      throw OptionError("output \"" + path +
                        "\" is a report, which `place`, `refine` and `report` write");
    }
  }
  if (report) {
    check_report(*report);
  }
  std::set<std::filesystem::path> files;
  for (const std::string& path : all_paths()) {
    check_writable(path);
    if (!files.insert(std::filesystem::weakly_canonical(std::filesystem::absolute(path))).second) {
      throw OptionError("output \"" + path + "\" is given twice");
    }
  }
}

std::vector<std::string> OutputFlags::report_paths() const {
  std::vector<std::string> result;
  for (const std::string& path : paths) {
    if (format_of(path) == Format::kHtml) {
      result.push_back(path);
    }
  }
  if (report) {
    result.push_back(*report);
  }
  return result;
}

std::vector<std::string> OutputFlags::all_paths() const {
  std::vector<std::string> result = paths;
  if (report) {
    result.push_back(*report);
  }
  return result;
}

void OutputFlags::write(const Block& block, Placement placement, const Placement* flat) const {
  placement.fixed = block.placement.fixed;
  const Placed placed = {block, placement, flat};
  std::exception_ptr first_error;
  for (const std::string& path : paths) {
    try {
      const Format format = format_of(path);
      if (format == Format::kAux) {
        write_aux(path, placed);
      } else if (format != Format::kHtml) {
        netlist_io::write_file_atomic(path, content_for(format, *this, placed));
      }
    } catch (...) {
      first_error = first_error ? first_error : std::current_exception();
    }
  }
  if (first_error) {
    std::rethrow_exception(first_error);
  }
}

}  // namespace tessera::app
