#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/block_input.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/placement.h"

namespace tessera::app {

/// Throws `std::runtime_error` for a path that is a folder or in one that is not there. Called
/// before long work starts.
void check_writable(const std::string& path);

/// Likewise, and `netlist_io::OptionError` for a name that is none of a page.
void check_report(const std::string& path);

/// Files to write, and how.
struct OutputFlags {
  std::vector<std::string> paths;
  std::optional<std::string> report;  ///< `--report`
  bool takes_report = false;          ///< set by `add_report_to`
  std::string tcl_dialect = "openroad";
  netlist_io::NumberStyle number_style = netlist_io::NumberStyle::kShortestDouble;

  /// Adds `-o`, once per file, and `--tcl-dialect`.
  void add_to(CLI::App& command);
  /// Adds `--report`, and takes `.html` as an ending of `-o`, which is the same.
  void add_report_to(CLI::App& command);

  /// The HTML files to write, which `write` leaves to the command.
  std::vector<std::string> report_paths() const;
  std::vector<std::string> all_paths() const;

  /// Throws `netlist_io::OptionError` for an output whose name has no known ending, or one that
  /// does not go with `input` (a DEF comes of a DEF, a `.pl` of a Bookshelf design), and
  /// `std::runtime_error` for one in a folder that is not there. Called before long work starts.
  void check(const InputPaths& input) const;

  /// Writes a placement of `block` to each path in the format of its name. Fixed flags are written
  /// as the input had them. A block that was clustered is written clustered to `.plc` and
  /// `.pb.txt`, flat to `.def`, `.tcl` and `.pl`. `flat`: where the cells of its flat netlist are,
  /// if they have been placed; its hard macros must stand as in `placement`. Where one cannot be
  /// written, all others are, and then the first error is thrown.
  void write(const Block& block,
             netlist_io::Placement placement,
             const netlist_io::Placement* flat = nullptr) const;
};

}  // namespace tessera::app
