#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "netlist_io/bookshelf/bookshelf.h"
#include "netlist_io/file.h"
#include "netlist_io/number_text.h"
#include "netlist_io/text_source.h"

namespace tessera::netlist_io {
namespace {

/// Fails unless the name can be written so that it reads back: the format knows no quotes.
void check_name(std::string_view name) {
  const bool has_blank =
      std::any_of(name.begin(), name.end(), [](char c) { return is_blank(c) || c == '\n'; });
  if (name.empty() || has_blank || name.starts_with('#')) {
    throw std::invalid_argument(quoted(name) + " cannot be a name in the Bookshelf format");
  }
}

void append_field(std::string& text, std::string_view key, std::string_view value) {
  text.append(key).append(" : ").append(value).append("\n");
}

void append_field(std::string& text, std::string_view key, double value) {
  text.append(key).append(" : ");
  append_number(text, value);
  text += '\n';
}

std::string format_nodes(const BookshelfDesign& design) {
  const auto num_terminals =
      std::count_if(design.nodes.begin(), design.nodes.end(), [](const BookshelfNode& node) {
        return node.mobility != BookshelfMobility::kMovable;
      });
  std::string text = "UCLA nodes 1.0\n\n";
  append_field(text, "NumNodes", std::to_string(design.nodes.size()));
  append_field(text, "NumTerminals", std::to_string(num_terminals));
  for (const BookshelfNode& node : design.nodes) {
    check_name(node.name);
    text.append(node.name).append(" ");
    append_number(text, node.width);
    text += ' ';
    append_number(text, node.height);
    switch (node.mobility) {
      case BookshelfMobility::kMovable:
        break;
      case BookshelfMobility::kTerminal:
        text += " terminal";
        break;
      case BookshelfMobility::kTerminalNi:
        text += " terminal_NI";
        break;
    }
    text += '\n';
  }
  return text;
}

std::string_view direction_text(BookshelfPinDirection direction) {
  switch (direction) {
    case BookshelfPinDirection::kNone:
      return "";
    case BookshelfPinDirection::kInput:
      return " I";
    case BookshelfPinDirection::kOutput:
      return " O";
    case BookshelfPinDirection::kBidirectional:
      return " B";
  }
  return "";
}

void append_pin(std::string& text, const BookshelfPin& pin, std::string_view node) {
  text.append("\t").append(node).append(direction_text(pin.direction));
  if (pin.has_offset) {
    text += " : ";
    append_number(text, pin.offset.x);
    text += ' ';
    append_number(text, pin.offset.y);
  }
  text += '\n';
}

std::string format_nets(const BookshelfDesign& design) {
  std::string text = "UCLA nets 1.0\n\n";
  append_field(text, "NumNets", std::to_string(design.nets.size()));
  append_field(text, "NumPins", std::to_string(design.pins.size()));
  for (const BookshelfNet& net : design.nets) {
    check_name(net.name);
    append_field(text, "NetDegree", std::to_string(net.num_pins) + ' ' + net.name);
    for (const BookshelfPin& pin : std::span(design.pins).subspan(net.first_pin, net.num_pins)) {
      append_pin(text, pin, design.nodes[pin.node].name);
    }
  }
  return text;
}

std::string format_scl(const BookshelfDesign& design) {
  std::string text = "UCLA scl 1.0\n\n";
  append_field(text, "NumRows", std::to_string(design.rows.size()));
  for (const BookshelfRow& row : design.rows) {
    text += "CoreRow Horizontal\n";
    append_field(text, " Coordinate", row.y);
    append_field(text, " Height", row.height);
    append_field(text, " Sitewidth", row.site_width);
    append_field(text, " Sitespacing", row.site_spacing);
    if (!row.site_orientation.empty()) {
      append_field(text, " Siteorient", row.site_orientation);
    }
    if (!row.site_symmetry.empty()) {
      append_field(text, " Sitesymmetry", row.site_symmetry);
    }
    text += " SubrowOrigin : ";
    append_number(text, row.x);
    text.append(" NumSites : ").append(std::to_string(row.num_sites)).append("\nEnd\n");
  }
  return text;
}

/// Appends `name weight` for each node or net that has a weight.
template <typename Items>
void append_weights(std::string& text, const Items& items) {
  for (const auto& item : items) {
    if (item.weight) {
      text.append(item.name).append(" ");
      append_number(text, *item.weight);
      text += '\n';
    }
  }
}

std::string format_wts(const BookshelfDesign& design) {
  std::string text = "UCLA wts 1.0\n\n";
  append_weights(text, design.nodes);
  append_weights(text, design.nets);
  return text;
}

std::string stem_of(const std::string& aux_path) {
  std::string stem = std::filesystem::path(aux_path).filename();
  for (const std::string_view ending : {".gz", ".aux"}) {
    if (stem.ends_with(ending)) {
      stem.resize(stem.size() - ending.size());
    }
  }
  return stem;
}

}  // namespace

std::string format_bookshelf_pl(const BookshelfDesign& design) {
  std::string text = "UCLA pl 1.0\n\n";
  for (const BookshelfNode& node : design.nodes) {
    text.append(node.name).append(" ");
    append_number(text, node.x);
    text += ' ';
    append_number(text, node.y);
    text.append(" : ").append(to_string(node.orientation));
    if (node.fixed_by_pl) {
      text += node.mobility == BookshelfMobility::kTerminalNi ? " /FIXED_NI" : " /FIXED";
    }
    text += '\n';
  }
  return text;
}

void write_bookshelf(const BookshelfDesign& design, const std::string& aux_path, bool compress) {
  struct Member {
    std::string_view ending;
    std::string text;
  };
  const Member members[] = {{".nodes", format_nodes(design)},
                            {".nets", format_nets(design)},
                            {".wts", format_wts(design)},
                            {".pl", format_bookshelf_pl(design)},
                            {".scl", format_scl(design)}};
  const std::string stem = stem_of(aux_path);
  check_name(stem);
  const std::filesystem::path folder = std::filesystem::path(aux_path).parent_path();
  std::string aux = "RowBasedPlacement :";
  for (const Member& member : members) {
    const std::string name = stem + std::string(member.ending) + (compress ? ".gz" : "");
    write_file_atomic(folder / name, member.text);
    aux.append(" ").append(name);
  }
  write_file_atomic(aux_path, aux + "\n");
}

}  // namespace tessera::netlist_io
