#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/lefdef/lef_library.h"
#include "netlist_io/lefdef/lefdef_scanner.h"

namespace tessera::netlist_io {

/// Layers by the order in which shapes first name them: a layer may be defined in a later file than
/// the shapes on it.
class LayerReferences {
 public:
  /// Number of the layer that `word`, just read by `scanner`, names.
  std::uint32_t number_of(std::string_view word, const LefDefScanner& scanner);

  /// Position in `library.layers` by number. Throws `ParseError` for a layer that is not there; but
  /// the layer OVERLAP, which technology files often leave out, is added.
  std::vector<std::uint32_t> resolve(LefLibrary& library) const;

  /// Shapes that `ITERATE` has made so far, in all files.
  double num_repeated = 0.0;

 private:
  struct Reference {
    std::string name;
    SourceLocation place;
  };

  std::vector<Reference> references_;
  NameTable table_;
};

/// What follows `SYMMETRY`, its semicolon included.
Symmetry read_symmetry(LefDefScanner& scanner);

/// Reads what follows the word `MACRO`, up to and with its `END`. The layers of shapes are numbers
/// of `layers`; `library` gives the widths of paths on layers that are known already.
LefMaster read_macro(LefDefScanner& scanner, LayerReferences& layers, const LefLibrary& library);

}  // namespace tessera::netlist_io
