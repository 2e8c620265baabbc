// The section NETS.

#include "netlist_io/lefdef/def_parser.h"
#include "netlist_io/lefdef/pin_words.h"

namespace tessera::netlist_io {
namespace {

class NetReader {
 public:
  explicit NetReader(DefParser& parser)
      : parser_(parser), scanner_(parser.scanner), design_(parser.design) {}

  void reserve(std::size_t count) {
    design_.nets.reserve(count);
    parser_.nets.reserve(count);
  }

  void read() {
    name_ = scanner_.read_name("the name of a net");
    if (is_keyword(name_, "MUSTJOIN")) {
      scanner_.skip_statement(name_);
      return;
    }
    net_ = DefNet();
    net_.name = parser_.keep_name(name_);
    net_.first_connection = static_cast<std::uint32_t>(design_.connections.size());
    read_connections();
    read_clauses();
    add();
  }

  void warn_of_repeated_names() {
    if (num_repeated_ > 0) {
      scanner_.warn(first_repeated_,
                    "a second net " + quoted(first_repeated_) + "; " +
                        std::to_string(num_repeated_) +
                        " in all have the name of an earlier net, each counts as one of its own");
    }
  }

 private:
  void read_connections() {
    std::string_view word = scanner_.next();
    for (; word == "("; word = scanner_.next()) {
      read_connection();
    }
    if (word != "+" && word != ";") {
      scanner_.fail_expected(word, "\"(\", \"+\" or \";\" in net " + quoted(name_));
    }
    scanner_.put_back(word);
    net_.num_connections =
        static_cast<std::uint32_t>(design_.connections.size()) - net_.first_connection;
  }

  /// Reads what follows the opening parenthesis.
  void read_connection() {
    const std::string_view component = scanner_.read_name("the name of a component or PIN");
    const std::string_view pin = scanner_.read_name("the name of a pin");
    std::string_view word = scanner_.next();
    if (word == "+") {
      scanner_.expect("SYNTHESIZED");
      word = scanner_.next();
    }
    if (word != ")") {
      scanner_.fail_expected(word, "\")\"");
    }
    if (component == "*") {
      scanner_.warn(component,
                    "net " + quoted(name_) + " connects the pins " + quoted(pin) +
                        " of all components; these connections are left out");
    } else if (is_keyword(component, "PIN")) {
      design_.connections.push_back({DefConnection::kPort, find_port(pin)});
    } else {
      design_.connections.push_back(find_component_pin(component, pin));
    }
  }

  std::uint32_t find_port(std::string_view pin) {
    const std::optional<std::uint32_t> port =
        parser_.pins.find(parser_.plain_name(pin), names_of(design_.pins));
    if (!port) {
      scanner_.fail(pin, user() + " names the pin " + quoted(pin) + ", which PINS does not define");
    }
    return *port;
  }

  DefConnection find_component_pin(std::string_view component_word, std::string_view pin_word) {
    const std::optional<std::uint32_t> component = parser_.find_component(component_word);
    if (!component) {
      parser_.fail_of_component(component_word, user());
    }
    const LefMaster& master = parser_.lef.masters[design_.components[*component].master];
    const std::optional<std::uint32_t> pin = master.find_pin(parser_.plain_name(pin_word));
    if (!pin) {
      scanner_.fail(pin_word,
                    user() + " names the pin " + quoted(pin_word) + " of component " +
                        quoted(component_word) + ", which its master " + quoted(master.name) +
                        " does not have");
    }
    return {*component, *pin};
  }

  void read_clauses() {
    bool routed = false;
    while (scanner_.skip_clause() == "+") {
      const std::string_view word = scanner_.next();
      if (is_keyword(word, "USE")) {
        net_.use = pin_use(scanner_.read_name("a use"));
      } else if (is_keyword(word, "WEIGHT")) {
        net_.weight = scanner_.read_count();
      } else if (is_keyword(word, "ROUTED") || is_keyword(word, "FIXED") ||
                 is_keyword(word, "COVER") || is_keyword(word, "NOSHIELD")) {
        routed = true;
      } else {
        scanner_.put_back(word);  // SOURCE, SUBNET, VPIN, PROPERTY and others: not kept
      }
    }
    design_.num_routed_nets += routed ? 1 : 0;
  }

  void add() {
    const auto position = static_cast<std::uint32_t>(design_.nets.size());
    if (!parser_.nets.insert(net_.name, position, names_of(design_.nets))) {
      first_repeated_ = num_repeated_ == 0 ? name_ : first_repeated_;
      ++num_repeated_;
    }
    design_.nets.push_back(net_);
  }

  std::string user() const { return "net " + quoted(name_); }

  DefParser& parser_;
  LefDefScanner& scanner_;
  DefDesign& design_;
  DefNet net_;
  std::string_view name_;            ///< as written
  std::string_view first_repeated_;  ///< the first net with the name of an earlier one
  std::size_t num_repeated_ = 0;
};

}  // namespace

void read_nets(DefParser& parser) {
  NetReader reader(parser);
  parser.read_section(
      "NETS", [&](std::size_t count) { reader.reserve(count); }, [&] { reader.read(); });
  reader.warn_of_repeated_names();
}

}  // namespace tessera::netlist_io
