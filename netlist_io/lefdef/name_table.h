#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tessera::netlist_io {

/// Gives the name of the thing at a position of `list`, whose things have a member `name`.
template <typename List>
auto names_of(const List& list) {
  return [&list](std::uint32_t position) -> std::string_view { return list[position].name; };
}

/// Finds things of a list by their names: a hash table with open addressing.
///
/// It holds positions in the list only, so that it stays right when the list is copied or moved;
/// the caller passes `names_of(list)` each time.
class NameTable {
 public:
  /// Makes room for `num_names` in all.
  void reserve(std::size_t num_names) {
    std::size_t capacity = kMinCapacity;
    while (capacity < 2 * num_names) {
      capacity *= 2;
    }
    if (capacity > slots_.size()) {
      rehash(capacity);
    }
  }

  template <typename NameOf>
  std::optional<std::uint32_t> find(std::string_view name, const NameOf& name_of) const {
    if (slots_.empty()) {
      return std::nullopt;
    }
    const Slot& slot = slots_[find_slot(name, hash_of(name), name_of)];
    return slot.position == kFree ? std::nullopt : std::optional(slot.position);
  }

  /// Enters `position` under `name`; false if the name is there already, which then stays.
  template <typename NameOf>
  bool insert(std::string_view name, std::uint32_t position, const NameOf& name_of) {
    if (2 * (num_names_ + 1) > slots_.size()) {
      reserve(num_names_ + 1);
    }
    const std::uint32_t hash = hash_of(name);
    Slot& slot = slots_[find_slot(name, hash, name_of)];
    if (slot.position != kFree) {
      return false;
    }
    slot = {hash, position};
    ++num_names_;
    return true;
  }

 private:
  static constexpr std::uint32_t kFree = 0xFFFFFFFF;
  static constexpr std::size_t kMinCapacity = 8;

  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t position = kFree;
  };

  static std::uint32_t hash_of(std::string_view name) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(name));
  }

  /// The slot of `name`, or the free one where it belongs.
  template <typename NameOf>
  std::size_t find_slot(std::string_view name, std::uint32_t hash, const NameOf& name_of) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = hash & mask;
    while (slots_[i].position != kFree &&
           (slots_[i].hash != hash || name_of(slots_[i].position) != name)) {
      i = (i + 1) & mask;
    }
    return i;
  }

  void rehash(std::size_t capacity) {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(capacity));
    for (const Slot& slot : old) {
      if (slot.position != kFree) {
        std::size_t i = slot.hash & (capacity - 1);
        while (slots_[i].position != kFree) {
          i = (i + 1) & (capacity - 1);
        }
        slots_[i] = slot;
      }
    }
  }

  std::vector<Slot> slots_;  ///< a power of two of them, at most half of them taken; or none
  std::size_t num_names_ = 0;
};

}  // namespace tessera::netlist_io
