#include "netlist_io/lefdef/def_writer.h"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "netlist_io/text_source.h"

namespace tessera::netlist_io {
namespace {

std::string_view keyword_of(PlacementStatus status) {
  switch (status) {
    case PlacementStatus::kUnplaced:
      return "UNPLACED";
    case PlacementStatus::kPlaced:
      return "PLACED";
    case PlacementStatus::kFixed:
      return "FIXED";
    case PlacementStatus::kCover:
      return "COVER";
  }
  return "";
}

std::string clause_of(const DefMove& move) {
  std::string text = "+ " + std::string(keyword_of(move.status));
  if (move.status != PlacementStatus::kUnplaced) {
    text.append(" ( ").append(std::to_string(move.location.x));
    text.append(" ").append(std::to_string(move.location.y));
    text.append(" ) ").append(to_string(move.orientation));
  }
  return text;
}

bool changes(const DefMove& move, const DefComponent& component) {
  if (move.status != component.status) {
    return true;
  }
  return move.status != PlacementStatus::kUnplaced &&
         (move.location != component.location || move.orientation != component.orientation);
}

/// The moves in the order of their components in the text.
std::vector<DefMove> ordered(const DefDesign& design, std::span<const DefMove> moves) {
  std::vector<DefMove> result(moves.begin(), moves.end());
  std::sort(result.begin(), result.end(), [](const DefMove& a, const DefMove& b) {
    return a.component < b.component;
  });
  if (!result.empty() && result.back().component >= design.components.size()) {
    throw std::invalid_argument("component " + std::to_string(result.back().component) +
                                " of a move does not exist");
  }
  const auto twice =
      std::adjacent_find(result.begin(), result.end(), [](const DefMove& a, const DefMove& b) {
        return a.component == b.component;
      });
  if (twice != result.end()) {
    throw std::invalid_argument("component " + quoted(design.components[twice->component].name) +
                                " is moved twice");
  }
  return result;
}

/// Appends the clause of a component that has none yet, in front of its semicolon.
void append_new_clause(std::string& text, const std::string& clause) {
  const char before = text.empty() ? '\n' : text.back();
  if (!is_blank(before) && before != '\n') {
    text += ' ';
  }
  text += clause + ' ';
}

}  // namespace

std::string format_def(const DefDesign& design, std::span<const DefMove> moves) {
  const std::string_view source = *design.text;
  std::string text;
  text.reserve(source.size() + moves.size() * 40);
  std::size_t copied = 0;
  for (const DefMove& move : ordered(design, moves)) {
    const DefComponent& component = design.components[move.component];
    if (!changes(move, component)) {
      continue;
    }
    const TextRange range = component.placement_text;
    text += source.substr(copied, range.begin - copied);
    if (range.begin == range.end) {
      append_new_clause(text, clause_of(move));
    } else {
      text += clause_of(move);
    }
    copied = range.end;
  }
  text += source.substr(copied);
  return text;
}

}  // namespace tessera::netlist_io
