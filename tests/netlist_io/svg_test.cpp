#include "netlist_io/svg.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/generator.h"

namespace tessera::netlist_io {
namespace {

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

NodeRecord make_node(std::string name, NodeKind kind, double size, double x, double y) {
  NodeRecord node;
  node.name = std::move(name);
  node.kind = kind;
  node.width = size;
  node.height = size;
  node.x = x;
  node.y = y;
  return node;
}

/// A 100 x 100 um canvas with one hard macro at the lower left, one soft macro and one port.
///
///   +----------+
///   |   s      |
///   | M        p
///   +----------+
struct SmallBlock {
  Netlist netlist;
  Canvas canvas{100.0, 100.0, {4, 5}, {}};
  Placement placement;

  SmallBlock() {
    NetlistRecords records;
    records.nodes = {make_node("u<1>/\"a&b\"", NodeKind::kHardMacro, 20.0, 20.0, 30.0),
                     make_node("Grp_0", NodeKind::kSoftMacro, 10.0, 40.0, 60.0),
                     make_node("p[0]", NodeKind::kPort, 0.0, 100.0, 30.0)};
    for (std::size_t i = 0; i < records.nodes.size(); ++i) {
      records.nodes[i].file_index = static_cast<std::uint32_t>(i);
    }
    PinRecord pin;
    pin.node = NodeId(2);
    pin.file_index = 2;
    records.pins = {pin};
    netlist = Netlist(std::move(records));
    placement = Placement(netlist);
  }

  std::string draw(const SvgOptions& options = {}) const {
    return format_svg(netlist, canvas, placement, options);
  }
};

TEST_CASE("An SVG draws boxes with y pointing up and escapes names") {
  const SmallBlock block;
  SvgOptions options;
  options.width_px = 200.0;  // 2 px per um, 16 px margin
  options.show_legend = false;
  const std::string svg = block.draw(options);
  // x: 16 + 2 * (20 - 10), y: 16 + 2 * (100 - 40)
  CHECK(contains(svg, R"(<rect class="hard" x="36" y="136" width="40" height="40">)"));
  CHECK(contains(svg, "<title>u&lt;1&gt;/&quot;a&amp;b&quot; (N)</title>"));
  CHECK(contains(svg, "<title>Grp_0</title>"));
  CHECK(contains(svg, "<title>p[0]</title>"));
  CHECK(contains(svg, R"(width="232" height="232" viewBox="0 0 232 232")"));
  CHECK_FALSE(contains(svg, "u<1>"));
}

TEST_CASE("The notch follows the orientation") {
  SmallBlock block;
  SvgOptions options;
  options.width_px = 200.0;
  // The macro spans x 36..76 and y 136..176 px; the notch measures 0.22 * 40 = 8.8 px.
  CHECK(contains(block.draw(options), R"(d="M36 176h8.8L36 167.2z")"));
  block.placement.orientation[0] = Orientation::kS;
  CHECK(contains(block.draw(options), R"(d="M76 136h-8.8L76 144.8z")"));
  block.placement.orientation[0] = Orientation::kFN;
  CHECK(contains(block.draw(options), R"(d="M76 176h-8.8L76 167.2z")"));
}

TEST_CASE("An SVG shows what its options ask for") {
  SmallBlock block;
  CHECK(count_of(block.draw(), "class=\"grid\"") == 1);
  SvgOptions bare;
  bare.show_grid = false;
  bare.show_soft_macros = false;
  bare.show_ports = false;
  const std::string svg = block.draw(bare);
  CHECK_FALSE(contains(svg, "class=\"grid\""));
  CHECK_FALSE(contains(svg, "class=\"soft\""));
  CHECK_FALSE(contains(svg, "class=\"port\""));
  bare.title = "a < b";
  CHECK(contains(block.draw(bare), ">a &lt; b</text>"));
}

TEST_CASE("An SVG has a legend of what it draws") {
  SmallBlock block;
  std::string svg = block.draw();
  CHECK(contains(svg, ">hard macro (notch: lower left of N)</text>"));
  CHECK(contains(svg, ">cluster</text>"));
  CHECK(contains(svg, ">port</text>"));
  CHECK(contains(svg, ">10 µm</text>"));  // an eighth of 100 um, down to 1, 2 or 5 times 10^k
  CHECK_FALSE(contains(svg, ">fixed</text>"));
  CHECK_FALSE(contains(svg, ">blockage</text>"));
  block.placement.fixed[0] = 1;
  block.canvas.blockages = {{{0.0, 0.0, 10.0, 10.0}, 0.99}};
  svg = block.draw();
  CHECK(contains(svg, ">fixed</text>"));
  CHECK(contains(svg, ">blockage</text>"));
  SvgOptions bare;
  bare.show_legend = false;
  CHECK_FALSE(contains(block.draw(bare), "class=\"legend\""));
}

TEST_CASE("Ports are ticks that point out of the canvas") {
  SmallBlock block;
  SvgOptions options;
  options.width_px = 200.0;
  // On the right edge: x 16 + 2 * 100, y 16 + 2 * (100 - 30).
  CHECK(contains(block.draw(options), R"(<path class="port" d="M216 156h6"><title>p[0])"));
  block.placement.x[2] = 0.0;
  CHECK(contains(block.draw(options), R"(d="M16 156h-6"><title>p[0])"));
  block.placement.x[2] = 50.0;
  block.placement.y[2] = 100.0;
  CHECK(contains(block.draw(options), R"(d="M116 16v-6"><title>p[0])"));
}

TEST_CASE("An animation shows macros one after the other, then the clusters") {
  const SmallBlock block;
  SvgAnimationOptions options;
  options.step_s = 0.5;
  options.hold_s = 1.0;
  const std::vector<NodeId> order = {NodeId(0)};
  const std::string svg =
      format_svg_animation(block.netlist, block.canvas, block.placement, order, options);
  // 1 macro and the clusters half a second each, then a second: the macro after 0.5 s of 2 s.
  CHECK(contains(svg, R"(values="hidden;visible" keyTimes="0;0.25" dur="2s")"));
  CHECK(contains(svg, R"(values="hidden;visible" keyTimes="0;0.5" dur="2s")"));
  CHECK(contains(svg, R"(values="hidden;visible;hidden" keyTimes="0;0.25;0.5" dur="2s")"));
  CHECK(count_of(svg, "<g>") == count_of(svg, "</g>"));
  CHECK(contains(svg, ">1 / 1<animate"));
  options.step_s = 0.0;
  CHECK_THROWS_AS(
      format_svg_animation(block.netlist, block.canvas, block.placement, order, options),
      OptionError);
}

TEST_CASE("Fixed macros, unplaced ones and blockages are shown as such") {
  SmallBlock block;
  block.placement.fixed[0] = 1;
  block.placement.placed[1] = 0;
  block.canvas.blockages = {{{0.0, 0.0, 10.0, 10.0}, 0.99}};
  const std::string svg = block.draw();
  CHECK(contains(svg, "class=\"hard fixed\""));
  CHECK(contains(svg, ", fixed)</title>"));
  CHECK_FALSE(contains(svg, "Grp_0"));
  CHECK(contains(svg, "<title>blockage, rate 0.99</title>"));
}

TEST_CASE("The SVG of a block of usual size stays below 1 MB") {
  const GeneratedBlock block = generate_block({});
  const std::string svg = format_svg(block.netlist, block.canvas, block.placement);
  CHECK(svg.size() < 1000000);
  // One more of each in the legend.
  CHECK(count_of(svg, "class=\"hard\"") == 129);
  CHECK(count_of(svg, "class=\"soft\"") == 801);
  CHECK(count_of(svg, "class=\"port\"") == 501);
  CHECK(count_of(svg, "<title>") == 1428);
}

TEST_CASE("An SVG needs a canvas and a width") {
  SmallBlock block;
  SvgOptions options;
  options.width_px = 0.0;
  CHECK_THROWS_AS(block.draw(options), OptionError);
  block.canvas.width = 0.0;
  CHECK_THROWS_AS(block.draw(), OptionError);
}

}  // namespace
}  // namespace tessera::netlist_io
