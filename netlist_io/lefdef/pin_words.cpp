#include "netlist_io/lefdef/pin_words.h"

#include "netlist_io/lefdef/lefdef_scanner.h"

namespace tessera::netlist_io {
namespace {

constexpr Keyword<PinDirection> kDirections[] = {{"INPUT", PinDirection::kInput},
                                                 {"OUTPUT", PinDirection::kOutput},
                                                 {"INOUT", PinDirection::kInout},
                                                 {"FEEDTHRU", PinDirection::kFeedthru}};

constexpr Keyword<PinUse> kUses[] = {{"SIGNAL", PinUse::kSignal},
                                     {"POWER", PinUse::kPower},
                                     {"GROUND", PinUse::kGround},
                                     {"CLOCK", PinUse::kClock},
                                     {"ANALOG", PinUse::kAnalog}};

}  // namespace

PinDirection pin_direction(std::string_view word) {
  return meaning_of(word, kDirections).value_or(PinDirection::kUnknown);
}

PinUse pin_use(std::string_view word) {
  return meaning_of(word, kUses).value_or(PinUse::kSignal);
}

}  // namespace tessera::netlist_io
