#include "netlist_io/generator_library.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>
#include <string_view>

#include "netlist_io/rng.h"

namespace tessera::netlist_io::generator {
namespace {

constexpr double kSizeStep = 0.01;     ///< microns
constexpr double kOffsetStep = 0.005;  ///< microns
constexpr double kPinInset = 0.035;    ///< distance of the pins from the macro's edge, microns
constexpr double kBusShare = 0.27;     ///< of the pins: each of data in, data out and write mask
constexpr double kPinsExponent = 0.3;  ///< pins grow with the area to this power
constexpr int kMinPins = 8;
constexpr std::size_t kMaxBusLog2 = 5;  ///< buses of ports have up to 2^5 bits

double round_to(double value, double step) {
  return std::round(value / step) * step;
}

double log_uniform(Rng& rng, double low, double high) {
  return std::exp(rng.uniform(std::log(low), std::log(high)));
}

std::string indexed(std::string_view name, std::size_t index) {
  return std::string(name) + "[" + std::to_string(index) + "]";
}

void append_bus(std::vector<MasterPin>& pins,
                std::string_view name,
                PinRole role,
                std::size_t bits) {
  for (std::size_t i = 0; i < bits; ++i) {
    pins.push_back({indexed(name, i), role, {}});
  }
}

/// The pins of a memory, without offsets: buses of equal width, an address and three controls.
std::vector<MasterPin> memory_pins(std::size_t count) {
  // At least one address bit must be left beside the three buses and the three single pins.
  const std::size_t bus = std::clamp<std::size_t>(
      static_cast<std::size_t>(kBusShare * static_cast<double>(count)), 1, (count - 4) / 3);
  std::vector<MasterPin> pins;
  append_bus(pins, "Q", PinRole::kDataOut, bus);
  append_bus(pins, "D", PinRole::kDataIn, bus);
  append_bus(pins, "M", PinRole::kUnconnected, bus);
  append_bus(pins, "A", PinRole::kAddress, count - 3 * bus - 3);
  pins.push_back({"CE", PinRole::kAddress, {}});
  pins.push_back({"WE", PinRole::kAddress, {}});
  pins.push_back({"CLK", PinRole::kUnconnected, {}});
  return pins;
}

/// Spreads pins evenly along one vertical side at `x`, from the bottom to the top.
void spread_along_side(const std::vector<MasterPin*>& pins, double x, double height) {
  const double pitch = height / static_cast<double>(pins.size() + 1);
  for (std::size_t i = 0; i < pins.size(); ++i) {
    pins[i]->offset.x = round_to(x, kOffsetStep);
    pins[i]->offset.y = round_to(static_cast<double>(i + 1) * pitch - 0.5 * height, kOffsetStep);
  }
}

void set_pin_offsets(Master& master, bool two_sided) {
  std::vector<MasterPin*> left;
  std::vector<MasterPin*> right;
  for (MasterPin& pin : master.pins) {
    (two_sided && pin.role == PinRole::kDataOut ? right : left).push_back(&pin);
  }
  const double edge = 0.5 * master.width - kPinInset;
  spread_along_side(left, -edge, master.height);
  spread_along_side(right, edge, master.height);
}

std::vector<Bank> make_banks(const GeneratorMacroOptions& options, Rng& rng) {
  const auto count = static_cast<std::size_t>(options.count);
  const auto sizes =
      static_cast<std::uint64_t>(std::bit_width(static_cast<unsigned>(options.max_bank)));
  std::vector<Bank> banks;
  for (std::size_t first = 0; first < count; first += banks.back().size) {
    Bank bank;
    // The first banks go round the masters, so that every master is used if there are enough
    // macros.
    bank.master = banks.size() < static_cast<std::size_t>(options.masters)
                      ? banks.size()
                      : rng.below(static_cast<std::uint64_t>(options.masters));
    bank.first = first;
    bank.size = std::min(std::size_t{1} << rng.below(sizes), count - first);
    bank.location = {rng.uniform(), rng.uniform()};
    banks.push_back(bank);
  }
  return banks;
}

/// Relative areas of the masters, scaled so that the macros of all banks average one.
std::vector<double> relative_areas(const GeneratorMacroOptions& options,
                                   const std::vector<Bank>& banks,
                                   Rng& rng) {
  std::vector<double> areas(static_cast<std::size_t>(options.masters));
  for (double& area : areas) {
    area = log_uniform(rng, 1.0, options.area_ratio);
  }
  double sum = 0.0;
  for (const Bank& bank : banks) {
    sum += areas[bank.master] * static_cast<double>(bank.size);
  }
  for (double& area : areas) {
    area *= options.count / sum;
  }
  return areas;
}

Master make_master(const GeneratorMacroOptions& options, double relative_area, Rng& rng) {
  const double area = options.mean_area * relative_area;
  const double aspect = log_uniform(rng, 1.0 / options.max_aspect, options.max_aspect);
  Master master;
  master.width = std::max(kSizeStep, round_to(std::sqrt(area * aspect), kSizeStep));
  master.height = std::max(kSizeStep, round_to(area / master.width, kSizeStep));
  const double pins = std::round(options.pins * std::pow(relative_area, kPinsExponent));
  master.pins = memory_pins(static_cast<std::size_t>(std::max<double>(kMinPins, pins)));
  set_pin_offsets(master, rng.uniform() < options.two_sided_share);
  return master;
}

/// Random numbers of one part of the generator. Its name is its seed, too: another one means other
/// blocks for every seed.
Rng stream_of(std::uint64_t seed, const std::string& part) {
  return Rng::derive(seed, "generator." + part);
}

}  // namespace

double MacroLibrary::total_area() const {
  double area = 0.0;
  for (const std::size_t m : master_of) {
    area += masters[m].width * masters[m].height;
  }
  return area;
}

MacroLibrary make_library(const GeneratorMacroOptions& options, std::uint64_t seed) {
  Rng rng = stream_of(seed, "library");
  MacroLibrary library;
  library.banks = make_banks(options, rng);
  for (const double area : relative_areas(options, library.banks, rng)) {
    library.masters.push_back(make_master(options, area, rng));
  }
  for (std::size_t b = 0; b < library.banks.size(); ++b) {
    for (std::size_t i = 0; i < library.banks[b].size; ++i) {
      library.master_of.push_back(library.banks[b].master);
      library.names.push_back("bank_" + std::to_string(b) + "/ram_" + std::to_string(i));
    }
  }
  return library;
}

std::vector<PortPlan> make_ports(int count, std::uint64_t seed) {
  Rng rng = stream_of(seed, "ports");
  const auto total = static_cast<std::size_t>(count);
  std::vector<PortPlan> ports;
  for (std::size_t bus = 0; ports.size() < total; ++bus) {
    const std::size_t bits = std::size_t{1} << rng.below(kMaxBusLog2 + 1);
    const bool is_input = rng.below(2) == 0;
    const std::string name = (is_input ? "in_" : "out_") + std::to_string(bus);
    for (std::size_t bit = 0; bit < bits && ports.size() < total; ++bit) {
      const double perimeter =
          (static_cast<double>(ports.size()) + 0.5) / static_cast<double>(total);
      ports.push_back({indexed(name, bit), bus, is_input, perimeter});
    }
  }
  return ports;
}

Side side_of(const PortPlan& port) {
  constexpr Side kSides[] = {Side::kBottom, Side::kRight, Side::kTop, Side::kLeft};
  return kSides[std::min<std::size_t>(3, static_cast<std::size_t>(4.0 * port.perimeter))];
}

HiddenPoint location_of(const PortPlan& port) {
  const double along = 4.0 * port.perimeter;
  switch (side_of(port)) {
    case Side::kBottom:
      return {along, 0.0};
    case Side::kRight:
      return {1.0, along - 1.0};
    case Side::kTop:
      return {3.0 - along, 1.0};
    case Side::kLeft:
    case Side::kNone:
      break;
  }
  return {0.0, 4.0 - along};
}

}  // namespace tessera::netlist_io::generator
