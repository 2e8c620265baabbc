#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/lefdef/lef_library.h"
#include "netlist_io/orientation.h"

namespace tessera::netlist_io {

/// Database units of the DEF file.
struct DefPoint {
  std::int32_t x = 0;
  std::int32_t y = 0;
  bool operator==(const DefPoint&) const = default;
};
struct DefRect {
  DefPoint lo;
  DefPoint hi;
};

enum class PlacementStatus : std::uint8_t { kUnplaced, kPlaced, kFixed, kCover };

struct DefRow {
  std::string_view name;
  std::string_view site;
  DefPoint origin;
  Orientation orientation = Orientation::kN;
  std::int32_t num_x = 1;
  std::int32_t num_y = 1;
  std::int32_t step_x = 0;
  std::int32_t step_y = 0;
};

struct DefTracks {
  bool vertical = false;  ///< `TRACKS X`: vertical lines at these x; otherwise horizontal ones at y
  std::int32_t start = 0;
  std::int32_t count = 0;
  std::int32_t step = 0;
  std::vector<std::string_view> layers;
};

/// Distances from the edges of the component in orientation N, database units.
struct DefHalo {
  std::int32_t left = 0;
  std::int32_t bottom = 0;
  std::int32_t right = 0;
  std::int32_t top = 0;
};

/// A range of bytes of the file.
struct TextRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct DefComponent {
  std::string_view name;
  std::uint32_t master = 0;  ///< index into `LefLibrary::masters`
  PlacementStatus status = PlacementStatus::kUnplaced;
  Orientation orientation = Orientation::kN;
  DefPoint location;  ///< lower-left corner of the oriented box; (0, 0) if unplaced
  std::int32_t weight = 0;
  std::uint32_t halo = kNoHalo;  ///< index into `DefDesign::halos`
  /// The `+ PLACED ( x y ) o` clause, its plus sign included; if there is none, the empty range in
  /// front of the component's semicolon.
  TextRange placement_text;

  static constexpr std::uint32_t kNoHalo = 0xFFFFFFFF;
};

/// A port of the design, in the section `PINS`.
struct DefPin {
  std::string_view name;
  std::string_view net;
  PinDirection direction = PinDirection::kUnknown;
  PinUse use = PinUse::kSignal;
  PlacementStatus status = PlacementStatus::kUnplaced;
  Orientation orientation = Orientation::kN;
  DefPoint location;
  bool special = false;
};

/// One end of a net: a pin of a component, or a port of the design.
struct DefConnection {
  std::uint32_t component = 0;  ///< index into `components`, or `kPort`
  std::uint32_t pin = 0;        ///< index into the master's pins, or into `DefDesign::pins`

  static constexpr std::uint32_t kPort = 0xFFFFFFFF;
};

struct DefNet {
  std::string_view name;
  std::uint32_t first_connection = 0;
  std::uint32_t num_connections = 0;
  PinUse use = PinUse::kSignal;
  double weight = 1.0;  ///< 0: its length does not matter
};

/// A placement blockage. Routing blockages are not kept.
struct DefBlockage {
  std::vector<DefRect> rects;
  bool soft = false;                       ///< `SOFT`: for initial placement only
  std::optional<double> max_density;       ///< `PARTIAL`: percent of the area that may be used
  std::optional<std::uint32_t> component;  ///< `COMPONENT`: belongs to this one
};

struct DefRegion {
  std::string_view name;
  std::vector<DefRect> rects;
  bool fence = false;  ///< `TYPE FENCE`
};

struct DefGroup {
  std::string_view name;
  std::vector<std::string_view> members;  ///< names and patterns, as written
  std::string_view region;                ///< empty if none
};

/// A DEF file as read: what a placer needs of it, and its whole text for the writer.
///
/// Names are views: of the text, or, where the text has backslash escapes, of `unescaped`. They
/// live as long as the design, also when it is moved.
struct DefDesign {
  std::string path;
  std::string_view name;
  int database_units = 1000;  ///< per micron
  char divider = '/';
  std::string bus_bits = "[]";
  std::vector<DefPoint> die;  ///< two corners, or the corners of a rectilinear polygon
  std::vector<DefRow> rows;
  std::vector<DefTracks> tracks;
  std::vector<DefComponent> components;
  std::vector<DefHalo> halos;
  std::vector<DefPin> pins;
  std::vector<DefNet> nets;
  std::vector<DefConnection> connections;
  std::vector<DefBlockage> blockages;
  std::vector<DefRegion> regions;
  std::vector<DefGroup> groups;
  std::size_t num_special_nets = 0;
  std::size_t num_routed_nets = 0;  ///< nets with wires
  /// What was odd but could be read: `path:line:column: text`.
  std::vector<std::string> warnings;

  std::unique_ptr<const std::string> text;
  std::unique_ptr<std::deque<std::string>> unescaped;

  std::span<const DefConnection> connections_of(const DefNet& net) const {
    return {connections.data() + net.first_connection, net.num_connections};
  }
};

/// Reads a DEF 5.8 file, plain or gzip, in one pass. Masters and their pins are looked up in
/// `library`. Throws `ParseError`: unknown masters, pins, components and ports, duplicate names of
/// components and pins and numbers out of range are errors with their place. Nets of the same name,
/// which some netlists have by the thousand, stay apart.
DefDesign read_def(const std::string& path, const LefLibrary& library);

/// Same, of text in memory; `name` stands for the path in errors.
DefDesign parse_def(std::string text, const std::string& name, const LefLibrary& library);

}  // namespace tessera::netlist_io
