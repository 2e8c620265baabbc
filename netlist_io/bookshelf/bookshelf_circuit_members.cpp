// `.nodes` and `.nets`.

#include <vector>

#include "netlist_io/bookshelf/bookshelf_members.h"
#include "netlist_io/bookshelf/bookshelf_scanner.h"

namespace tessera::netlist_io::bookshelf {
namespace {

using Fields = std::vector<std::string_view>;

class NodesReader {
 public:
  NodesReader(const SourceText& source, DesignInProgress& progress)
      : scanner_(source), progress_(progress) {}

  void run() {
    scanner_.read_header("nodes");
    std::optional<StatedCount> num_nodes;
    std::optional<StatedCount> num_terminals;
    while (scanner_.next_line()) {
      if (!scanner_.take_count("numnodes", num_nodes) &&
          !scanner_.take_count("numterminals", num_terminals)) {
        read_node(scanner_.named_fields());
      }
    }
    scanner_.check_count(num_nodes, "NumNodes", progress_.design.nodes.size());
    scanner_.check_count(num_terminals, "NumTerminals", num_terminals_);
  }

 private:
  void read_node(const Fields& fields) {
    if (fields.size() < 3 || fields.size() > 4) {
      scanner_.fail(scanner_.line(), "expected a node: name width height [terminal]");
    }
    if (!progress_.nodes.add(fields[0])) {
      scanner_.fail(fields[0], "node " + quoted(fields[0]) + " is defined twice");
    }
    BookshelfNode node;
    node.name = fields[0];
    node.width = scanner_.length(fields[1]);
    node.height = scanner_.length(fields[2]);
    if (fields.size() == 4) {
      node.mobility = read_mobility(fields[3]);
      ++num_terminals_;
    }
    progress_.design.nodes.push_back(std::move(node));
  }

  BookshelfMobility read_mobility(std::string_view field) const {
    if (equals_ignoring_case(field, "terminal")) {
      return BookshelfMobility::kTerminal;
    }
    if (!equals_ignoring_case(field, "terminal_ni")) {
      scanner_.fail(field,
                    "found " + quoted(field) + ", expected terminal, terminal_NI or nothing");
    }
    return BookshelfMobility::kTerminalNi;
  }

  Scanner scanner_;
  DesignInProgress& progress_;
  std::size_t num_terminals_ = 0;
};

std::optional<BookshelfPinDirection> parse_direction(std::string_view field) {
  if (field == "I") {
    return BookshelfPinDirection::kInput;
  }
  if (field == "O") {
    return BookshelfPinDirection::kOutput;
  }
  if (field == "B") {
    return BookshelfPinDirection::kBidirectional;
  }
  return std::nullopt;
}

class NetsReader {
 public:
  NetsReader(const SourceText& source, DesignInProgress& progress)
      : scanner_(source), progress_(progress), nets_(progress.design.nets) {}

  void run() {
    scanner_.read_header("nets");
    std::optional<StatedCount> num_nets;
    std::optional<StatedCount> num_pins;
    while (scanner_.next_line()) {
      if (scanner_.take_count("numnets", num_nets) || scanner_.take_count("numpins", num_pins)) {
        continue;
      }
      if (const std::optional<std::string_view> degree = scanner_.value_of("netdegree")) {
        check_degree();
        start_net(scanner_.split(*degree, Colons::kBelongToFields));
      } else {
        read_pin(scanner_.named_fields());
      }
    }
    check_degree();
    scanner_.check_count(num_nets, "NumNets", nets_.size());
    scanner_.check_count(num_pins, "NumPins", progress_.design.pins.size());
  }

 private:
  void start_net(const Fields& fields) {
    if (fields.empty() || fields.size() > 2) {
      fail_expecting_net();
    }
    BookshelfNet net;
    degree_ = fields[0];
    net.num_pins = static_cast<std::uint32_t>(scanner_.count(degree_));
    net.first_pin = static_cast<std::uint32_t>(progress_.design.pins.size());
    net.name = fields.size() == 2 ? std::string(fields[1]) : "net" + std::to_string(nets_.size());
    const bool is_new =
        fields.size() == 2 ? progress_.nets.add(fields[1]) : progress_.nets.add_copy(net.name);
    if (!is_new) {
      scanner_.fail(fields.back(), "net " + quoted(net.name) + " is defined twice");
    }
    nets_.push_back(std::move(net));
  }

  void read_pin(const Fields& fields) {
    if (nets_.empty()) {
      fail_expecting_net();
    }
    if (num_pins_of_net() == nets_.back().num_pins) {
      scanner_.fail(fields[0],
                    "net " + quoted(nets_.back().name) + " has more pins than its degree, " +
                        std::string(degree_));
    }
    BookshelfPin pin;
    pin.node = find_node(fields[0]);
    std::size_t next = 1;
    if (const auto direction = fields.size() > 1 ? parse_direction(fields[1]) : std::nullopt) {
      pin.direction = *direction;
      next = 2;
    }
    if (fields.size() == next + 2) {
      pin.offset = {scanner_.number(fields[next]), scanner_.number(fields[next + 1])};
      pin.has_offset = true;
    } else if (fields.size() != next) {
      scanner_.fail(fields[next], "expected a pin: node [I|O|B] [: dx dy]");
    }
    progress_.design.pins.push_back(pin);
  }

  std::uint32_t find_node(std::string_view name) const {
    const std::optional<std::uint32_t> node = progress_.nodes.find(name);
    if (!node) {
      scanner_.fail(name, "node " + quoted(name) + " is not defined");
    }
    return *node;
  }

  std::size_t num_pins_of_net() const {
    return progress_.design.pins.size() - nets_.back().first_pin;
  }

  /// Fails if the last net has fewer pins than its degree.
  void check_degree() const {
    if (!nets_.empty() && num_pins_of_net() != nets_.back().num_pins) {
      scanner_.fail(degree_,
                    "the degree of net " + quoted(nets_.back().name) + " is " +
                        std::string(degree_) + ", but it has " + std::to_string(num_pins_of_net()) +
                        " pins");
    }
  }

  [[noreturn]] void fail_expecting_net() const {
    scanner_.fail(scanner_.line(), "expected a net: NetDegree : degree [name]");
  }

  Scanner scanner_;
  DesignInProgress& progress_;
  std::vector<BookshelfNet>& nets_;
  std::string_view degree_;  ///< of the last net, as written
};

}  // namespace

void read_nodes(const SourceText& source, DesignInProgress& progress) {
  NodesReader(source, progress).run();
}

void read_nets(const SourceText& source, DesignInProgress& progress) {
  NetsReader(source, progress).run();
}

}  // namespace tessera::netlist_io::bookshelf
