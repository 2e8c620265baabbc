#include "placer/clustering/hypergraph.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/number_text.h"
#include "netlist_io/text_source.h"

namespace tessera::placer {
namespace {

using netlist_io::ParseError;
using netlist_io::SourceText;

void append_integer(std::string& text, std::int64_t value) {
  std::array<char, 24> buffer;
  const std::to_chars_result result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  text.append(buffer.data(), result.ptr);
}

std::int32_t parse_part(const SourceText& source, std::string_view line, std::size_t num_parts) {
  const std::string_view token = netlist_io::trim(line);
  const std::optional<int> part = netlist_io::parse_int(token);
  if (!part || *part < 0 || static_cast<std::size_t>(*part) >= num_parts) {
    netlist_io::fail_at(source,
                        token.data(),
                        "the part of a vertex is " + netlist_io::quoted(token) +
                            ", expected an integer from 0 to " + std::to_string(num_parts - 1));
  }
  return *part;
}

}  // namespace

std::string format_hypergraph(const FlatGraph& graph) {
  std::string text = std::to_string(graph.num_nets()) + " " + std::to_string(graph.num_vertices());
  text += '\n';
  for (std::size_t net = 0; net < graph.num_nets(); ++net) {
    const char* separator = "";
    for (const std::uint32_t vertex : graph.net(net)) {
      text += separator;
      append_integer(text, std::int64_t{vertex} + 1);
      separator = " ";
    }
    text += '\n';
  }
  return text;
}

std::string format_groups(const GroupOf& group_of) {
  std::string text;
  for (const std::int32_t group : group_of) {
    append_integer(text, group);
    text += '\n';
  }
  return text;
}

Partition read_partition(const std::string& path, std::size_t num_vertices) {
  return parse_partition(netlist_io::read_file(path), path, num_vertices);
}

Partition parse_partition(std::string_view text,
                          const std::string& name,
                          std::size_t num_vertices) {
  const SourceText source{text, name};
  Partition partition;
  partition.part_of.reserve(num_vertices);
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = netlist_io::take_line(rest);
    if (partition.part_of.size() == num_vertices) {
      netlist_io::fail_at(
          source,
          line.data(),
          "more lines than the " + std::to_string(num_vertices) + " vertices of the netlist");
    }
    const std::int32_t part = parse_part(source, line, num_vertices);
    partition.part_of.push_back(part);
    partition.num_parts = std::max(partition.num_parts, part + 1);
  }
  if (partition.part_of.size() != num_vertices) {
    throw ParseError({name, 0, 0},
                     "parts of " + std::to_string(partition.part_of.size()) +
                         " vertices, but the netlist has " + std::to_string(num_vertices));
  }
  return partition;
}

}  // namespace tessera::placer
