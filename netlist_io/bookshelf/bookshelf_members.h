#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "netlist_io/bookshelf/bookshelf.h"
#include "netlist_io/text_source.h"

namespace tessera::netlist_io::bookshelf {

/// Numbers names from 0. The names are views of texts that outlive the table.
class NameTable {
 public:
  /// Returns false if the name is there already.
  bool add(std::string_view name) {
    return index_.emplace(name, static_cast<std::uint32_t>(index_.size())).second;
  }
  /// Same, for a name that stands in no text.
  bool add_copy(std::string name) { return add(copies_.emplace_back(std::move(name))); }

  std::optional<std::uint32_t> find(std::string_view name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::unordered_map<std::string_view, std::uint32_t> index_;
  std::deque<std::string> copies_;
};

/// A design while its members are read.
struct DesignInProgress {
  BookshelfDesign design;
  NameTable nodes;
  NameTable nets;
};

// Each reads one member, in this order; they throw `ParseError`.
void read_nodes(const SourceText& source, DesignInProgress& progress);
void read_nets(const SourceText& source, DesignInProgress& progress);
void read_pl(const SourceText& source, DesignInProgress& progress);
void read_scl(const SourceText& source, DesignInProgress& progress);
void read_wts(const SourceText& source, DesignInProgress& progress);

}  // namespace tessera::netlist_io::bookshelf
