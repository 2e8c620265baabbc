#include "netlist_io/errors.h"

#include <utility>

namespace tessera::netlist_io {
namespace {

std::string format(const SourceLocation& location, const std::string& message) {
  std::string text = location.path;
  if (location.line > 0) {
    text.append(":").append(std::to_string(location.line));
  }
  if (location.line > 0 && location.column > 0) {
    text.append(":").append(std::to_string(location.column));
  }
  return text + ": " + message;
}

}  // namespace

ParseError::ParseError(SourceLocation location, const std::string& message)
    : std::runtime_error(format(location, message)), location_(std::move(location)) {}

}  // namespace tessera::netlist_io
