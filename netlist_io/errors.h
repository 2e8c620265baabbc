#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace tessera::netlist_io {

/// A place in an input file. Lines and columns count from 1; 0: the file or line as a whole.
struct SourceLocation {
  std::string path;
  std::size_t line = 0;
  std::size_t column = 0;
};

/// Input that cannot be read or contradicts itself. `what()` is `path[:line[:column]]: message`.
class ParseError : public std::runtime_error {
 public:
  ParseError(SourceLocation location, const std::string& message);

  const SourceLocation& location() const { return location_; }

 private:
  SourceLocation location_;
};

/// An option or an argument outside its range. `what()` names the option, the value and the range.
class OptionError : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// No legal placement exists or none was found. `what()` names the macro that does not fit.
class InfeasibleError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A violated invariant: a defect of the program, not of its input.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace tessera::netlist_io
