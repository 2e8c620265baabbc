#include "netlist_io/svg.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string_view>

#include "netlist_io/errors.h"
#include "netlist_io/orientation.h"

namespace tessera::netlist_io {
namespace {

constexpr double kMarginPx = 16.0;
constexpr double kTitlePx = 28.0;
constexpr double kPortPx = 4.0;  ///< side of a port's square
constexpr double kFontPx = 9.0;
constexpr double kMinLabelPx = 40.0;  ///< narrowest macro with a name on it
constexpr double kCharWidth = 0.62;   ///< of the font size, for the fonts named below
constexpr double kNotchShare = 0.22;  ///< of the shorter side of a macro
constexpr double kMaxNotchPx = 10.0;

constexpr std::string_view kStyle = R"svg(<style>
text{font-family:Helvetica,Arial,sans-serif;fill:#222}
.canvas{fill:#fff;stroke:#333;stroke-width:1.2}
.grid{stroke:#e4e4e4;stroke-width:.6;fill:none}
.hard{fill:#56b4e9;fill-opacity:.85;stroke:#005a8c;stroke-width:.8}
.fixed{fill:url(#hatch);stroke:#333;stroke-width:1}
.notch{fill:#00466e}
.soft{fill:#e69f00;fill-opacity:.3;stroke:#a36f00;stroke-width:.35;stroke-opacity:.7}
.port{fill:#cc79a7;stroke:#7a2c58;stroke-width:.5}
.block{fill:#000;fill-opacity:.22;stroke:#000;stroke-width:.8;stroke-dasharray:4 2}
.name{font-size:9px;text-anchor:middle;dominant-baseline:central;pointer-events:none}
.head{font-size:14px}
</style>
<defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"
 patternTransform="rotate(45)"><rect width="6" height="6" fill="#9ad0f0"/>
<path d="M0 0V6" stroke="#333" stroke-width="1.6"/></pattern>
</defs>
)svg";

std::string escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        // XML 1.0 has no other control characters.
        result += static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' ? '?' : c;
    }
  }
  return result;
}

/// Pixels with two decimals, without trailing zeros.
std::string px(double value) {
  std::array<char, 64> buffer{};
  const double rounded = std::round(value * 100.0) / 100.0;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), rounded + 0.0).ptr;
  return {buffer.data(), end};
}

std::string attribute(std::string_view name, double value) {
  return " " + std::string(name) + "=\"" + px(value) + "\"";
}

struct PixelPoint {
  double x;
  double y;
};

/// Puts an image together.
class Drawing {
 public:
  Drawing(const Netlist& netlist,
          const Canvas& canvas,
          const Placement& placement,
          const SvgOptions& options)
      : netlist_(netlist),
        canvas_(canvas),
        placement_(placement),
        options_(options),
        scale_(options.width_px / canvas.width),
        top_(kMarginPx + (options.title.empty() ? 0.0 : kTitlePx)) {}

  std::string run() {
    open();
    text_ += rectangle({0.0, 0.0, canvas_.width, canvas_.height}, "canvas") + "/>\n";
    if (options_.show_grid) {
      add_grid();
    }
    add_blockages();
    for (const NodeId node : netlist_.hard_macros()) {
      add_hard_macro(node);
    }
    if (options_.show_soft_macros) {
      add_boxes(netlist_.soft_macros());
      add_boxes(netlist_.std_cells());
    }
    if (options_.show_names) {
      add_names();
    }
    if (options_.show_ports) {
      add_ports();
    }
    text_ += "</svg>\n";
    return std::move(text_);
  }

 private:
  PixelPoint to_pixels(double x, double y) const {
    return {kMarginPx + x * scale_, top_ + (canvas_.height - y) * scale_};
  }

  bool is_placed(NodeId node) const { return placement_.placed[node.index()] != 0; }

  void open() {
    const double width = options_.width_px + 2.0 * kMarginPx;
    const double height = top_ + canvas_.height * scale_ + kMarginPx;
    text_ = "<svg xmlns=\"http://www.w3.org/2000/svg\"" + attribute("width", width) +
            attribute("height", height) + " viewBox=\"0 0 " + px(width) + " " + px(height) +
            "\">\n";
    text_ += kStyle;
    if (!options_.title.empty()) {
      text_ += "<text class=\"head\"" + attribute("x", kMarginPx) +
               attribute("y", kMarginPx + 0.5 * kTitlePx) + ">" + escape(options_.title) +
               "</text>\n";
    }
  }

  /// An unclosed `rect` element.
  std::string rectangle(const Rect& rect, std::string_view style) const {
    const PixelPoint corner = to_pixels(rect.x0, rect.y1);
    return "<rect class=\"" + std::string(style) + "\"" + attribute("x", corner.x) +
           attribute("y", corner.y) + attribute("width", rect.width() * scale_) +
           attribute("height", rect.height() * scale_);
  }

  void add_grid() {
    text_ += "<path class=\"grid\" d=\"";
    for (int col = 1; col < canvas_.grid.cols; ++col) {
      const PixelPoint from = to_pixels(col * canvas_.cell_width(), canvas_.height);
      text_ += "M" + px(from.x) + " " + px(from.y) + "v" + px(canvas_.height * scale_);
    }
    for (int row = 1; row < canvas_.grid.rows; ++row) {
      const PixelPoint from = to_pixels(0.0, row * canvas_.cell_height());
      text_ += "M" + px(from.x) + " " + px(from.y) + "h" + px(canvas_.width * scale_);
    }
    text_ += "\"/>\n";
  }

  void add_blockages() {
    for (const Blockage& blockage : canvas_.blockages) {
      text_ += rectangle(blockage.rect, "block") + "><title>blockage, rate " + px(blockage.rate) +
               "</title></rect>\n";
    }
  }

  void add_hard_macro(NodeId node) {
    if (!is_placed(node)) {
      return;
    }
    const Rect box = placement_.box(netlist_, node);
    const Orientation orientation = placement_.orientation[node.index()];
    const bool fixed = placement_.fixed[node.index()] != 0;
    text_ += rectangle(box, fixed ? "hard fixed" : "hard") + "><title>" +
             escape(netlist_.name(node)) + " (" + std::string(to_string(orientation)) +
             (fixed ? ", fixed" : "") + ")</title></rect>\n";
    add_notch(box, orientation);
  }

  /// Triangle in the corner that is lower left in orientation N.
  void add_notch(const Rect& box, Orientation orientation) {
    const Offset corner = transform({-1.0, -1.0}, orientation);
    const PixelPoint at =
        to_pixels(corner.x < 0.0 ? box.x0 : box.x1, corner.y < 0.0 ? box.y0 : box.y1);
    const double size =
        std::min(kMaxNotchPx, kNotchShare * scale_ * std::min(box.width(), box.height()));
    // In the orientations that exchange the axes the longer leg does not matter: both are equal.
    text_ += "<path class=\"notch\" d=\"M" + px(at.x) + " " + px(at.y) + "h" +
             px(corner.x < 0.0 ? size : -size) + "L" + px(at.x) + " " +
             px(corner.y < 0.0 ? at.y - size : at.y + size) + "z\"/>\n";
  }

  void add_boxes(std::span<const NodeId> nodes) {
    for (const NodeId node : nodes) {
      if (is_placed(node)) {
        text_ += rectangle(placement_.box(netlist_, node), "soft") + "><title>" +
                 escape(netlist_.name(node)) + "</title></rect>\n";
      }
    }
  }

  /// Names on hard macros: the last part of the path, cut to the width.
  void add_names() {
    for (const NodeId node : netlist_.hard_macros()) {
      const Rect box = placement_.box(netlist_, node);
      const double width = box.width() * scale_;
      if (!is_placed(node) || width < kMinLabelPx || box.height() * scale_ < 2.0 * kFontPx) {
        continue;
      }
      const PixelPoint centre = to_pixels(0.5 * (box.x0 + box.x1), 0.5 * (box.y0 + box.y1));
      text_ += "<text class=\"name\"" + attribute("x", centre.x) + attribute("y", centre.y) + ">" +
               escape(shortened(netlist_.name(node), width)) + "</text>\n";
    }
  }

  static std::string shortened(std::string_view name, double width) {
    const std::size_t slash = name.find_last_of('/');
    if (slash != std::string_view::npos && slash + 1 < name.size()) {
      name.remove_prefix(slash + 1);
    }
    const auto fits = static_cast<std::size_t>(0.95 * width / (kCharWidth * kFontPx));
    return name.size() <= fits ? std::string(name) : std::string(name.substr(0, fits - 1)) + "…";
  }

  void add_ports() {
    for (const NodeId node : netlist_.ports()) {
      if (!is_placed(node)) {
        continue;
      }
      const PixelPoint centre = to_pixels(placement_.x[node.index()], placement_.y[node.index()]);
      text_ += "<rect class=\"port\"" + attribute("x", centre.x - 0.5 * kPortPx) +
               attribute("y", centre.y - 0.5 * kPortPx) + attribute("width", kPortPx) +
               attribute("height", kPortPx) + "><title>" + escape(netlist_.name(node)) +
               "</title></rect>\n";
    }
  }

  const Netlist& netlist_;
  const Canvas& canvas_;
  const Placement& placement_;
  const SvgOptions& options_;
  double scale_;  ///< pixels per micron
  double top_;    ///< pixels above the canvas
  std::string text_;
};

}  // namespace

void SvgOptions::validate() const {
  if (!(width_px > 0.0 && width_px <= 1e5)) {
    throw OptionError("width_px is " + std::to_string(width_px) +
                      "; expected more than 0, up to 100000");
  }
}

std::string format_svg(const Netlist& netlist,
                       const Canvas& canvas,
                       const Placement& placement,
                       const SvgOptions& options) {
  options.validate();
  if (!(canvas.width > 0.0) || !(canvas.height > 0.0)) {
    throw OptionError("the canvas has no area; expected a positive width and height");
  }
  return Drawing(netlist, canvas, placement, options).run();
}

}  // namespace tessera::netlist_io
