// The sections COMPONENTS and PINS.

#include "netlist_io/lefdef/def_parser.h"
#include "netlist_io/lefdef/pin_words.h"

namespace tessera::netlist_io {
namespace {

class ComponentReader {
 public:
  explicit ComponentReader(DefParser& parser) : parser_(parser), scanner_(parser.scanner) {}

  void reserve(std::size_t count) {
    parser_.design.components.reserve(count);
    parser_.components.reserve(count);
  }

  void read() {
    component_ = DefComponent();
    has_placement_ = false;
    name_ = scanner_.read_name("the name of a component");
    component_.name = parser_.keep_name(name_);
    read_master();
    std::string_view word = scanner_.skip_clause();
    while (word == "+") {
      read_clause(word);
      word = scanner_.skip_clause();
    }
    if (!has_placement_) {
      const std::size_t at = scanner_.offset_of(word.data());
      component_.placement_text = {at, at};
    }
    add();
  }

 private:
  void read_master() {
    const std::string_view word = scanner_.read_name("the name of a master");
    const std::optional<std::uint32_t> master = parser_.lef.find_master(parser_.plain_name(word));
    if (!master) {
      scanner_.fail(word,
                    "component " + quoted(name_) + " has the master " + quoted(word) +
                        ", which no LEF file defines");
    }
    component_.master = *master;
  }

  void read_clause(std::string_view plus) {
    const std::string_view word = scanner_.next();
    if (const std::optional<PlacementStatus> status = placement_status(word)) {
      read_placement(plus, word, *status);
    } else if (is_keyword(word, "HALO")) {
      read_halo();
    } else if (is_keyword(word, "WEIGHT")) {
      component_.weight = scanner_.read_count();
    } else {
      scanner_.put_back(word);  // SOURCE, ROUTEHALO, REGION, PROPERTY and others: not kept
    }
  }

  void read_placement(std::string_view plus, std::string_view word, PlacementStatus status) {
    if (has_placement_) {
      scanner_.fail(word, "a second placement of component " + quoted(name_));
    }
    has_placement_ = true;
    component_.status = status;
    component_.placement_text = {scanner_.offset_of(plus.data()), scanner_.offset()};
    if (status == PlacementStatus::kUnplaced && scanner_.peek() != "(") {
      return;
    }
    DefPoint location;
    Orientation orientation = Orientation::kN;
    parser_.read_placement(location, orientation);
    component_.placement_text.end = scanner_.offset();
    if (status != PlacementStatus::kUnplaced) {  // otherwise what it was once
      component_.location = location;
      component_.orientation = orientation;
    }
  }

  void read_halo() {
    scanner_.accept("SOFT");
    DefHalo halo;
    halo.left = scanner_.read_count();
    halo.bottom = scanner_.read_count();
    halo.right = scanner_.read_count();
    halo.top = scanner_.read_count();
    component_.halo = static_cast<std::uint32_t>(parser_.design.halos.size());
    parser_.design.halos.push_back(halo);
  }

  void add() {
    std::vector<DefComponent>& components = parser_.design.components;
    const auto position = static_cast<std::uint32_t>(components.size());
    if (!parser_.components.insert(component_.name, position, names_of(components))) {
      scanner_.fail(name_, "a second component " + quoted(name_));
    }
    components.push_back(component_);
  }

  DefParser& parser_;
  LefDefScanner& scanner_;
  DefComponent component_;
  std::string_view name_;  ///< as written
  bool has_placement_ = false;
};

class PinReader {
 public:
  explicit PinReader(DefParser& parser) : parser_(parser), scanner_(parser.scanner) {}

  void reserve(std::size_t count) {
    parser_.design.pins.reserve(count);
    parser_.pins.reserve(count);
  }

  void read() {
    pin_ = DefPin();
    const std::string_view name = scanner_.read_name("the name of a pin");
    pin_.name = parser_.keep_name(name);
    while (scanner_.skip_clause() == "+") {
      read_clause();
    }
    std::vector<DefPin>& pins = parser_.design.pins;
    const auto position = static_cast<std::uint32_t>(pins.size());
    if (!parser_.pins.insert(pin_.name, position, names_of(pins))) {
      scanner_.fail(name, "a second pin " + quoted(name));
    }
    pins.push_back(pin_);
  }

 private:
  void read_clause() {
    const std::string_view word = scanner_.next();
    if (is_keyword(word, "NET")) {
      pin_.net = parser_.keep_name(scanner_.read_name("the name of a net"));
    } else if (is_keyword(word, "DIRECTION")) {
      pin_.direction = pin_direction(scanner_.read_name("a direction"));
    } else if (is_keyword(word, "USE")) {
      pin_.use = pin_use(scanner_.read_name("a use"));
    } else if (is_keyword(word, "SPECIAL")) {
      pin_.special = true;
    } else if (const std::optional<PlacementStatus> status = placement_status(word)) {
      read_placement(*status);
    } else {
      scanner_.put_back(word);  // PORT, LAYER, POLYGON, VIA, antenna data: not kept
    }
  }

  /// The first port with a place counts.
  void read_placement(PlacementStatus status) {
    if (status == PlacementStatus::kUnplaced) {
      return;
    }
    DefPoint location;
    Orientation orientation = Orientation::kN;
    parser_.read_placement(location, orientation);
    if (pin_.status == PlacementStatus::kUnplaced) {
      pin_.status = status;
      pin_.location = location;
      pin_.orientation = orientation;
    }
  }

  DefParser& parser_;
  LefDefScanner& scanner_;
  DefPin pin_;
};

}  // namespace

void read_components(DefParser& parser) {
  ComponentReader reader(parser);
  parser.read_section(
      "COMPONENTS", [&](std::size_t count) { reader.reserve(count); }, [&] { reader.read(); });
}

void read_pins(DefParser& parser) {
  PinReader reader(parser);
  parser.read_section(
      "PINS", [&](std::size_t count) { reader.reserve(count); }, [&] { reader.read(); });
}

}  // namespace tessera::netlist_io
