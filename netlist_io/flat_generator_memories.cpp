#include "netlist_io/flat_generator_memories.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

namespace tessera::netlist_io::flat {
namespace {

constexpr double kMaxCrossbarShare = 0.35;  ///< of the cells
constexpr std::size_t kMaxSelects = 64;     ///< multiplexers that one select net reaches
constexpr std::size_t kUsualAddressBits = 8;
constexpr int kDriverInputs = 2;
constexpr int kMultiplexerInputs = 3;

double log_uniform(Rng& rng, double low, double high) {
  return std::exp(rng.uniform(std::log(low), std::log(high)));
}

std::size_t divide_up(std::size_t number, std::size_t by) {
  return (number + by - 1) / by;
}

/// Cells of a bank: drivers of addresses and data, two enables per macro, multiplexers.
std::size_t bank_cells(const MemoryBank& bank, const MemoryMaster& master, std::size_t fanout) {
  const std::size_t drivers = divide_up(bank.size, fanout);
  return drivers * master.address_bits + 2 * bank.size +
         (bank.wide ? bank.size : drivers + bank.size - 1) * master.bits;
}

std::size_t crossbar_cells(const MemoryGroup& group, const MemoryMaster& master) {
  const std::size_t ways = group.crossbar_masters;
  const std::size_t memories = group.banks.size();
  return memories * (ways - 1) * (master.bits + master.address_bits + 2) +
         ways * (memories - 1) * master.bits;
}

std::vector<MemoryBank> draw_banks(const FlatMemoryOptions& options, Rng& rng) {
  const auto sizes =
      static_cast<std::uint64_t>(std::bit_width(static_cast<unsigned>(options.max_bank)));
  const auto count = static_cast<std::size_t>(options.count);
  const auto masters = static_cast<std::uint64_t>(options.masters);
  std::vector<MemoryBank> banks;
  for (std::size_t made = 0; made < count; made += banks.back().size) {
    MemoryBank bank;
    bank.master = banks.size() < masters ? banks.size() : rng.below(masters);
    // Larger banks are as likely per macro: most macros are in large banks.
    bank.size = std::min(std::size_t{1} << (sizes - 1 - rng.below((sizes + 1) / 2)), count - made);
    bank.wide = rng.uniform() < options.wide_share;
    banks.push_back(bank);
  }
  return banks;
}

/// The banks of an owner behind crossbars, one for each master: every memory is a bank.
std::vector<MemoryGroup> crossbar_groups(const std::vector<MemoryBank>& banks,
                                         const std::vector<MemoryMaster>& masters,
                                         std::size_t crossbar_masters,
                                         std::size_t max_cells) {
  std::vector<MemoryGroup> groups(masters.size());
  for (const MemoryBank& bank : banks) {
    for (std::size_t i = 0; i < bank.size; ++i) {
      groups[bank.master].banks.push_back({bank.master, 1, false});
    }
  }
  std::erase_if(groups, [](const MemoryGroup& group) { return group.banks.empty(); });
  for (MemoryGroup& group : groups) {
    const MemoryMaster& master = masters[group.banks.front().master];
    group.crossbar_masters = crossbar_masters;
    while (group.crossbar_masters > 1 && crossbar_cells(group, master) > max_cells) {
      --group.crossbar_masters;
    }
    group.num_cells = crossbar_cells(group, master);
  }
  return groups;
}

/// A signal to choose from: a net, or an input of the module whose ends are being collected.
struct Source {
  NetIndex net = 0;
  std::vector<End>* input = nullptr;
};

/// Adds what stands between memories and the logic.
class GroupBuilder {
 public:
  GroupBuilder(Circuit& circuit,
               const MemoryMaster& master,
               std::size_t master_index,
               ModuleIndex module)
      : circuit_(circuit), master_(master), master_index_(master_index), module_(module) {}

  Terminals bank(const MemoryBank& bank, std::size_t fanout) {
    add_macros(bank.size);
    for (std::size_t bit = 0; bit < master_.address_bits; ++bit) {
      drive(master_.address_pin(bit), fanout);
    }
    for (std::size_t bit = 0; bit < master_.bits && !bank.wide; ++bit) {
      drive(master_.data_pin(bit), fanout);
    }
    for (const std::uint32_t first : first_pins_) {
      for (std::size_t bit = 0; bit < master_.bits && bank.wide; ++bit) {
        drive_single(first, master_.data_pin(bit));
      }
      drive_single(first, master_.write_pin());
      drive_single(first, master_.enable_pin());
    }
    add_selects();
    add_outputs(bank.wide);
    return std::move(terminals_);
  }

  Terminals crossbar(std::size_t memories, std::size_t ways) {
    add_macros(memories);
    for (std::size_t bit = 0; bit < master_.bits; ++bit) {
      distribute(master_.data_pin(bit), ways);
    }
    for (std::size_t bit = 0; bit < master_.address_bits; ++bit) {
      distribute(master_.address_pin(bit), ways);
    }
    distribute(master_.write_pin(), ways);
    distribute(master_.enable_pin(), ways);
    for (std::size_t way = 0; way < ways; ++way) {
      add_outputs(false);
    }
    add_selects();
    return std::move(terminals_);
  }

 private:
  void add_macros(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint32_t first =
          circuit_.macros.empty() ? 0 : circuit_.macros.back().first_pin + last_num_pins();
      circuit_.macros.push_back({master_index_, module_, first});
      circuit_.macros.back().num_pins = static_cast<std::uint32_t>(master_.num_pins());
      first_pins_.push_back(first);
      std::vector<NetIndex>& outputs = output_nets_.emplace_back();
      for (std::size_t bit = 0; bit < master_.bits; ++bit) {
        outputs.push_back(circuit_.add_net(pin(first, master_.output_pin(bit))));
      }
    }
  }

  std::uint32_t last_num_pins() const { return circuit_.macros.back().num_pins; }

  static End pin(std::uint32_t first, std::size_t number) {
    return {EndKind::kMacroPin, first + static_cast<std::uint32_t>(number)};
  }

  /// Drives one pin of all macros, by a cell for every `fanout` of them; the cells share an input.
  void drive(std::size_t number, std::size_t fanout) {
    std::vector<End> drivers;
    for (std::size_t i = 0; i < first_pins_.size(); i += fanout) {
      const NetIndex net = circuit_.add_cell(module_, kDriverInputs);
      drivers.push_back(circuit_.last_cell());
      select(0);
      for (std::size_t j = i; j < std::min(i + fanout, first_pins_.size()); ++j) {
        circuit_.connect(net, pin(first_pins_[j], number));
      }
    }
    terminals_.inputs.push_back(circuit_.add_bundle(drivers));
  }

  void drive_single(std::uint32_t first, std::size_t number) {
    const NetIndex net = circuit_.add_cell(module_, kDriverInputs);
    circuit_.open_inputs(1, terminals_);
    select(0);
    circuit_.connect(net, pin(first, number));
  }

  /// The last cell has an input for the select net of its level.
  void select(std::size_t level) {
    if (selects_.size() <= level) {
      selects_.resize(level + 1);
    }
    selects_[level].push_back(circuit_.last_cell());
  }

  void add_selects() {
    for (const std::vector<End>& ends : selects_) {
      for (std::size_t i = 0; i < ends.size(); i += kMaxSelects) {
        const std::size_t count = std::min(kMaxSelects, ends.size() - i);
        terminals_.inputs.push_back(circuit_.add_bundle(std::span(ends).subspan(i, count)));
      }
    }
    selects_.clear();
  }

  void attach(const Source& source) {
    if (source.input != nullptr) {
      source.input->push_back(circuit_.last_cell());
    } else {
      circuit_.connect(source.net, circuit_.last_cell());
    }
  }

  /// A tree of multiplexers with two inputs each.
  Source choose(std::vector<Source> sources) {
    for (std::size_t level = 1; sources.size() > 1; ++level) {
      std::vector<Source> next;
      for (std::size_t i = 0; i + 1 < sources.size(); i += 2) {
        const NetIndex net = circuit_.add_cell(module_, kMultiplexerInputs);
        attach(sources[i]);
        attach(sources[i + 1]);
        select(level);
        next.push_back({net, nullptr});
      }
      if (sources.size() % 2 == 1) {
        next.push_back(sources.back());
      }
      sources = std::move(next);
    }
    return sources.front();
  }

  /// One pin of every macro, each chosen from the same bit of all ways.
  void distribute(std::size_t number, std::size_t ways) {
    std::vector<std::vector<End>> inputs(ways);
    for (const std::uint32_t first : first_pins_) {
      std::vector<Source> sources;
      sources.reserve(ways);
      for (std::vector<End>& input : inputs) {
        sources.push_back({0, &input});
      }
      const Source chosen = choose(std::move(sources));
      if (chosen.input != nullptr) {
        chosen.input->push_back(pin(first, number));  // one way: straight to the macros
      } else {
        circuit_.connect(chosen.net, pin(first, number));
      }
    }
    for (const std::vector<End>& input : inputs) {
      terminals_.inputs.push_back(circuit_.add_bundle(input));
    }
  }

  void add_outputs(bool wide) {
    if (wide) {
      for (const std::vector<NetIndex>& nets : output_nets_) {
        terminals_.outputs.insert(terminals_.outputs.end(), nets.begin(), nets.end());
      }
      return;
    }
    for (std::size_t bit = 0; bit < master_.bits; ++bit) {
      std::vector<Source> sources;
      for (const std::vector<NetIndex>& nets : output_nets_) {
        sources.push_back({nets[bit], nullptr});
      }
      terminals_.outputs.push_back(choose(std::move(sources)).net);
    }
    add_selects();
  }

  Circuit& circuit_;
  const MemoryMaster& master_;
  std::size_t master_index_;
  ModuleIndex module_;
  std::vector<std::uint32_t> first_pins_;           // [macros]
  std::vector<std::vector<NetIndex>> output_nets_;  // [macros][bits]
  std::vector<std::vector<End>> selects_;           // [levels]
  Terminals terminals_;
};

std::string indexed(std::string_view name, std::size_t index) {
  return std::string(name) + "[" + std::to_string(index) + "]";
}

std::vector<generator::MasterPin> pins_of(const MemoryMaster& master) {
  using generator::PinRole;
  std::vector<generator::MasterPin> pins;
  const auto add_bus = [&](std::string_view name, std::size_t bits, PinRole role) {
    for (std::size_t bit = 0; bit < bits; ++bit) {
      pins.push_back({indexed(name, bit), role, {}});
    }
  };
  add_bus("rd_out", master.bits, PinRole::kDataOut);
  add_bus("wd_in", master.bits, PinRole::kDataIn);
  add_bus("addr_in", master.address_bits, PinRole::kAddress);
  pins.push_back({"we_in", PinRole::kAddress, {}});
  pins.push_back({"ce_in", PinRole::kAddress, {}});
  pins.push_back({"clk", PinRole::kAddress, {}});
  add_bus("w_mask_in", master.masked ? master.bits : 0, PinRole::kUnconnected);
  return pins;
}

double round_to(double value, double step) {
  return std::max(1.0, std::round(value / step)) * step;
}

/// Pins from the bottom to the top of the left side, outputs perhaps on the right.
void spread_pins(generator::Master& master, bool two_sided, double step) {
  std::vector<generator::MasterPin*> sides[2];
  for (generator::MasterPin& pin : master.pins) {
    sides[two_sided && pin.role == generator::PinRole::kDataOut ? 1 : 0].push_back(&pin);
  }
  for (std::size_t side = 0; side < 2; ++side) {
    const double pitch = master.height / static_cast<double>(sides[side].size() + 1);
    for (std::size_t i = 0; i < sides[side].size(); ++i) {
      sides[side][i]->offset.x = (side == 0 ? -0.5 : 0.5) * (master.width - step);
      const double y = static_cast<double>(i + 1) * pitch - 0.5 * master.height;
      sides[side][i]->offset.y = std::round(y / step) * step;
    }
  }
}

}  // namespace

std::vector<MemoryMaster> draw_masters(const FlatMemoryOptions& options, Rng& rng) {
  std::vector<MemoryMaster> masters(static_cast<std::size_t>(options.masters));
  const int low = static_cast<int>(std::bit_width(static_cast<unsigned>(options.min_bits))) - 1;
  const int high = static_cast<int>(std::bit_width(static_cast<unsigned>(options.max_bits))) - 1;
  for (MemoryMaster& master : masters) {
    const auto power =
        static_cast<std::size_t>(low) + rng.below(static_cast<std::uint64_t>(high - low + 1));
    master.bits = std::clamp(std::size_t{1} << power,
                             static_cast<std::size_t>(options.min_bits),
                             static_cast<std::size_t>(options.max_bits));
    master.relative_area = log_uniform(rng, 1.0, options.area_ratio);
    master.address_bits = kUsualAddressBits - 2 + rng.below(4) +
                          static_cast<std::size_t>(std::log2(master.relative_area));
    master.masked = rng.uniform() < options.masked_share;
    master.two_sided = rng.uniform() < options.two_sided_share;
    master.aspect = log_uniform(rng, 1.0 / options.max_aspect, options.max_aspect);
  }
  return masters;
}

std::vector<std::vector<MemoryGroup>> draw_groups(const FlatMemoryOptions& options,
                                                  const std::vector<MemoryMaster>& masters,
                                                  std::size_t max_cells,
                                                  Rng& rng) {
  const auto owners = static_cast<std::size_t>(options.owners);
  const auto fanout = static_cast<std::size_t>(options.address_fanout);
  std::vector<std::vector<MemoryBank>> banks(owners);
  std::size_t number = 0;
  for (const MemoryBank& bank : draw_banks(options, rng)) {
    banks[number++ % owners].push_back(bank);
  }
  const auto crossbar_budget = static_cast<std::size_t>(
      kMaxCrossbarShare * static_cast<double>(max_cells) / options.owners / options.masters);
  std::vector<std::vector<MemoryGroup>> groups(owners);
  for (std::size_t owner = 0; owner < owners; ++owner) {
    if (options.crossbar_masters > 0) {
      groups[owner] = crossbar_groups(banks[owner],
                                      masters,
                                      static_cast<std::size_t>(options.crossbar_masters),
                                      crossbar_budget);
      continue;
    }
    for (const MemoryBank& bank : banks[owner]) {
      groups[owner].push_back({{bank}, 0, bank_cells(bank, masters[bank.master], fanout)});
    }
  }
  return groups;
}

Terminals add_memory_group(Circuit& circuit,
                           const std::vector<MemoryMaster>& masters,
                           const MemoryGroup& group,
                           const FlatMemoryOptions& options,
                           const std::string& module) {
  const std::size_t master = group.banks.front().master;
  GroupBuilder builder(circuit, masters[master], master, circuit.add_module(module));
  return group.crossbar_masters > 0
             ? builder.crossbar(group.banks.size(), group.crossbar_masters)
             : builder.bank(group.banks.front(), static_cast<std::size_t>(options.address_fanout));
}

std::vector<generator::Master> make_memory_masters(const std::vector<MemoryMaster>& masters,
                                                   const std::vector<Macro>& macros,
                                                   double total_area,
                                                   double step) {
  double sum = 0.0;
  for (const Macro& macro : macros) {
    sum += masters[macro.master].relative_area;
  }
  std::vector<generator::Master> sized;
  for (const MemoryMaster& master : masters) {
    const double area = total_area * master.relative_area / sum;
    generator::Master& of_size = sized.emplace_back();
    of_size.width = round_to(std::sqrt(area * master.aspect), step);
    of_size.height = round_to(area / of_size.width, step);
    of_size.pins = pins_of(master);
    spread_pins(of_size, master.two_sided, step);
  }
  return sized;
}

}  // namespace tessera::netlist_io::flat
