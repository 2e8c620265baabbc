#include "tests/netlist_io/lefdef_support.h"

#include <algorithm>
#include <cstdint>

#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/rng.h"

namespace tessera::testing {
namespace {

using netlist_io::ParseError;

std::vector<std::string> lefs_in(const std::filesystem::path& folder, const std::string& left_out) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (left_out.empty() || entry.path().filename().string().find(left_out) == std::string::npos) {
      paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// What `parse` says against `text`; empty if nothing.
std::string message_of(const std::function<void(const std::string&)>& parse,
                       const std::string& text) {
  try {
    parse(text);
  } catch (const ParseError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

std::filesystem::path lefdef_example() {
  return std::filesystem::path(TESSERA_SOURCE_DIR) / "data" / "lefdef";
}

std::vector<LefDefSet> lefdef_sets(const std::filesystem::path& benchmarks) {
  const std::filesystem::path folder = benchmarks / "lefdef";
  const std::filesystem::path ct = folder / "ct_ariane";
  const std::vector<std::string> ct_lefs = {(ct / "ariane.lef.gz").string()};
  const std::filesystem::path asap7 = folder / "asap7";
  const std::vector<std::string> asap7_lefs = lefs_in(asap7 / "lef", "");
  const std::filesystem::path sky130 = folder / "sky130hd";
  const std::string other_stack = "sky130_fd_sc_hd.tlef";
  return {{"CT_ariane", (ct / "ariane.def.gz").string(), ct_lefs},
          {"CT_ariane_X2_xflip", (ct / "ariane_X2_xflip.def.gz").string(), ct_lefs},
          {"asap7_ariane133", (asap7 / "ariane133.def.gz").string(), asap7_lefs},
          {"asap7_ariane136", (asap7 / "ariane136.def.gz").string(), asap7_lefs},
          {"sky130hd_ariane136",
           (sky130 / "ariane136.def.gz").string(),
           lefs_in(sky130 / "lef", other_stack)}};
}

std::string tiny_lef() {
  const auto pin = [](const std::string& name, const std::string& direction) {
    return "PIN " + name + " DIRECTION " + direction +
           " ; PORT LAYER M1 ; RECT 0 0 0.2 0.4 ; END END " + name + "\n";
  };
  return "UNITS DATABASE MICRONS 1000 ; END UNITS\n"
         "LAYER M1 TYPE ROUTING ; END M1\n"
         "MACRO INV CLASS CORE ; SIZE 1 BY 1 ;\n" +
         pin("A", "INPUT") + pin("Z", "OUTPUT") +
         "END INV\nMACRO RAM CLASS BLOCK ; SIZE 10 BY 20 ;\n" + pin("D[0]", "INPUT") +
         pin("PIN", "INPUT") + pin("END", "OUTPUT") + "END RAM\n";
}

netlist_io::LefLibrary tiny_library() {
  return netlist_io::parse_lef(tiny_lef(), "tiny.lef");
}

std::string def_text(const std::string& body) {
  return "VERSION 5.8 ;\nDESIGN d ;\nUNITS DISTANCE MICRONS 1000 ;\n" + body + "END DESIGN\n";
}

void check_messages(std::span<const Malformed> cases,
                    const std::function<void(const std::string&)>& parse) {
  for (const Malformed& malformed : cases) {
    const std::string text = malformed.text;
    CAPTURE(text);
    const std::string said = message_of(parse, text);
    CAPTURE(said);
    CHECK(said.find(malformed.message) != std::string::npos);
  }
}

void check_damaged(const std::string& text, const std::function<void(const std::string&)>& parse) {
  for (std::size_t size = 0; size < text.size(); size += 23) {
    message_of(parse, text.substr(0, size));
  }
  constexpr std::string_view kBytes = ";()+-\\\"# \n*0Z";
  netlist_io::Rng rng(3);
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = text;
    const auto at = static_cast<std::size_t>(rng.below(text.size()));
    if (i % 2 == 0) {
      damaged[at] = kBytes[static_cast<std::size_t>(rng.below(kBytes.size()))];
    } else {
      damaged.erase(at, static_cast<std::size_t>(rng.below(30)));
    }
    message_of(parse, damaged);
  }
}

std::string with_crlf(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c == '\n' ? "\r\n" : std::string(1, c);
  }
  return result;
}

std::size_t count_containing(const std::vector<std::string>& texts, const std::string& part) {
  return static_cast<std::size_t>(
      std::count_if(texts.begin(), texts.end(), [&](const std::string& text) {
        return text.find(part) != std::string::npos;
      }));
}

}  // namespace tessera::testing
