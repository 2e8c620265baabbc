#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "netlist_io/bookshelf/bookshelf.h"
#include "netlist_io/bookshelf/bookshelf_members.h"
#include "netlist_io/bookshelf/bookshelf_scanner.h"
#include "netlist_io/file.h"

namespace tessera::netlist_io {
namespace {

/// A kind of member: the ending of its name, how it is read, whether it may be missing. In the
/// order of reading.
struct MemberKind {
  std::string_view ending;
  void (*read)(const SourceText&, bookshelf::DesignInProgress&);
  bool optional = false;
};
constexpr std::array<MemberKind, 5> kMembers = {{{".nodes", bookshelf::read_nodes},
                                                 {".nets", bookshelf::read_nets},
                                                 {".pl", bookshelf::read_pl},
                                                 {".scl", bookshelf::read_scl},
                                                 {".wts", bookshelf::read_wts, true}}};

/// A member as read; texts stay while names are views of them.
struct MemberFile {
  bool named = false;
  std::string path;  ///< empty if there is none
  std::string text;
};

std::string_view without_ending(std::string_view name, std::string_view ending) {
  return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : name;
}

/// Path of the file of this name, or of the name with `.gz`, or without it if it has it.
std::string find_file(const std::filesystem::path& folder, const std::string& name) {
  const std::string other =
      name.ends_with(".gz") ? std::string(without_ending(name, ".gz")) : name + ".gz";
  for (const std::string& candidate : {name, other}) {
    if (std::filesystem::exists(folder / candidate)) {
      return folder / candidate;
    }
  }
  return "";
}

class DesignReader {
 public:
  explicit DesignReader(const std::string& aux_path)
      : path_(aux_path),
        aux_text_(read_file(aux_path)),
        aux_{aux_text_, aux_path},
        scanner_(aux_) {}

  BookshelfDesign run() {
    find_members();
    progress_.design.paths = {path_.string()};
    for (std::size_t i = 0; i < kMembers.size(); ++i) {
      MemberFile& file = files_[i];
      if (!file.path.empty()) {
        file.text = read_file(file.path);
        progress_.design.paths.push_back(file.path);
        kMembers[i].read({file.text, file.path}, progress_);
      }
    }
    const std::string file_name = path_.filename();
    progress_.design.name = without_ending(without_ending(file_name, ".gz"), ".aux");
    return std::move(progress_.design);
  }

 private:
  void find_members() {
    const auto value = scanner_.next_line() ? scanner_.value_of("rowbasedplacement") : std::nullopt;
    if (!value) {
      scanner_.fail(aux_text_, "expected \"RowBasedPlacement : \" and the names of the members");
    }
    for (const std::string_view name : scanner_.split(*value, bookshelf::Colons::kBelongToFields)) {
      find_member(name);
    }
    for (std::size_t i = 0; i < kMembers.size(); ++i) {
      if (!files_[i].named && !kMembers[i].optional) {
        scanner_.fail(*value, "no " + std::string(kMembers[i].ending) + " file is named");
      }
    }
  }

  void find_member(std::string_view name) {
    for (std::size_t i = 0; i < kMembers.size(); ++i) {
      if (!without_ending(name, ".gz").ends_with(kMembers[i].ending)) {
        continue;
      }
      MemberFile& file = files_[i];
      if (std::exchange(file.named, true)) {
        scanner_.fail(name, "a second " + std::string(kMembers[i].ending) + " file is named");
      }
      file.path = find_file(path_.parent_path(), std::string(name));
      if (file.path.empty() && !kMembers[i].optional) {
        scanner_.fail(name, quoted(name) + " does not exist, neither with .gz");
      }
      return;
    }
    progress_.design.warnings.push_back(path_.string() + ": " + quoted(name) + " is not read");
  }

  std::filesystem::path path_;
  std::string aux_text_;
  SourceText aux_;
  bookshelf::Scanner scanner_;
  std::array<MemberFile, kMembers.size()> files_;
  bookshelf::DesignInProgress progress_;
};

}  // namespace

BookshelfDesign read_bookshelf(const std::string& aux_path) {
  return DesignReader(aux_path).run();
}

}  // namespace tessera::netlist_io
