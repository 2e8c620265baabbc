#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/lefdef/name_table.h"
#include "netlist_io/orientation.h"

namespace tessera::netlist_io {

enum class LayerKind : std::uint8_t { kRouting, kCut, kMasterslice, kOverlap, kImplant };
enum class LayerDirection : std::uint8_t { kNone, kHorizontal, kVertical };

/// A `LAYER` of LEF. Lengths in microns, 0 where the file does not say.
struct LefLayer {
  std::string name;
  LayerKind kind = LayerKind::kRouting;
  LayerDirection direction = LayerDirection::kNone;  ///< preferred direction of its wires
  double pitch_x = 0.0;                              ///< between vertical wires
  double pitch_y = 0.0;                              ///< between horizontal wires
  double width = 0.0;
  double offset_x = 0.0;
  double offset_y = 0.0;
};

/// Which images of a site or a master leave it the same: `SYMMETRY X Y R90`.
struct Symmetry {
  bool x = false;    ///< about the x axis: FS in place of N
  bool y = false;    ///< about the y axis: FN in place of N
  bool r90 = false;  ///< quarter turns

  /// Whether a component may be turned from one orientation into another: by an image of the
  /// master in its own frame, before it is placed.
  bool allows(Orientation from, Orientation to) const;
};

struct LefSite {
  std::string name;
  double width = 0.0;   ///< microns
  double height = 0.0;  ///< microns
  Symmetry symmetry;
};

enum class PinDirection : std::uint8_t { kUnknown, kInput, kOutput, kInout, kFeedthru };
enum class PinUse : std::uint8_t { kSignal, kAnalog, kClock, kPower, kGround };

/// A rectangle on a layer. Microns, from the lower-left corner of the master's box in orientation
/// N (`ORIGIN` applied). Polygons and paths count as their bounding boxes.
struct LefShape {
  std::uint32_t layer = 0;  ///< index into `LefLibrary::layers`
  Rect rect;
};

struct LefPin {
  std::string name;
  PinDirection direction = PinDirection::kUnknown;
  PinUse use = PinUse::kSignal;
  std::vector<LefShape> shapes;  ///< of all ports

  /// Centre of the bounding box of all shapes; none if there are no shapes.
  std::optional<Offset> centre() const;
};

enum class MasterClass : std::uint8_t { kNone, kCore, kBlock, kPad, kEndcap, kCover, kRing };

/// A `MACRO` of LEF, which DEF calls the model of a component.
struct LefMaster {
  std::string name;
  MasterClass master_class = MasterClass::kNone;
  double width = 0.0;   ///< microns
  double height = 0.0;  ///< microns
  Symmetry symmetry;
  std::string site;  ///< empty if none
  std::vector<LefPin> pins;
  std::vector<LefShape> obstructions;

  std::optional<std::uint32_t> find_pin(std::string_view name) const;

  NameTable pin_index;  ///< positions in `pins`; the reader fills it in
};

/// All that LEF files say and a placer wants to know.
struct LefLibrary {
  std::optional<int> database_units;  ///< per micron, `UNITS DATABASE MICRONS`
  double manufacturing_grid = 0.0;    ///< microns, 0 if not given
  std::vector<LefLayer> layers;
  std::vector<LefSite> sites;
  std::vector<LefMaster> masters;
  /// What was odd but could be read, such as a repeated master: `path:line:column: text`.
  std::vector<std::string> warnings;

  std::optional<std::uint32_t> find_layer(std::string_view name) const;
  std::optional<std::uint32_t> find_site(std::string_view name) const;
  std::optional<std::uint32_t> find_master(std::string_view name) const;

  // Positions in the lists above; the reader fills them in.
  NameTable layer_index;
  NameTable site_index;
  NameTable master_index;
};

/// Reads LEF 5.8 files, plain or gzip, as one library: later files use the layers and sites of
/// earlier ones, in any order. A shape's layer that no file defines is an error once all are read,
/// but for OVERLAP. Of a repeated layer, site, master or pin, the first counts and a warning is
/// kept. Statements that a placer has no use for are skipped, whatever their nesting. Throws
/// `ParseError`.
LefLibrary read_lef(std::span<const std::string> paths);

/// Same, of one text in memory; `name` stands for the path in errors.
LefLibrary parse_lef(std::string_view text, const std::string& name);

}  // namespace tessera::netlist_io
