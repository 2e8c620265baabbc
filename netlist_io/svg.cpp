#include "netlist_io/svg.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "netlist_io/errors.h"
#include "netlist_io/markup_text.h"
#include "netlist_io/orientation.h"

namespace tessera::netlist_io {
namespace {

constexpr double kMarginPx = 16.0;
constexpr double kTitlePx = 28.0;
constexpr double kPortPx = 6.0;  ///< length of a port's tick
constexpr double kFontPx = 9.0;
constexpr double kMinLabelPx = 40.0;  ///< narrowest macro with a name on it
constexpr double kCharWidth = 0.62;   ///< of the font size, for the fonts named below
constexpr double kNotchShare = 0.22;  ///< of the shorter side of a macro
constexpr double kMaxNotchPx = 10.0;
constexpr double kLegendPx = 34.0;
constexpr double kLegendFontPx = 11.0;
constexpr double kSwatchPx = 18.0;

constexpr std::string_view kStyle = R"svg(<style>
text{font-family:Helvetica,Arial,sans-serif;fill:#1b1f24}
.canvas{fill:#fff;stroke:#4a535c;stroke-width:1.2}
.grid{stroke:#e8ebee;stroke-width:.6;fill:none}
.hard{fill:#a9cbe8;fill-opacity:.92;stroke:#1f5a8c;stroke-width:.8}
.fixed{fill:url(#hatch)}
.notch{fill:#1f5a8c}
.soft{fill:#e69f00;fill-opacity:.22;stroke:#966400;stroke-width:.35;stroke-opacity:.6}
.port{stroke:#a3387d;stroke-width:1.2;fill:none}
.block{fill:#3c4248;fill-opacity:.16;stroke:#6a737c;stroke-width:.8;stroke-dasharray:4 2}
.name{font-size:9px;text-anchor:middle;dominant-baseline:central;pointer-events:none}
.head{font-size:14px}
.legend{font-size:11px;dominant-baseline:central}
.step{font-size:14px;text-anchor:end}
.scale{stroke:#1b1f24;stroke-width:1.2;fill:none}
</style>
<defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"
 patternTransform="rotate(45)"><rect width="6" height="6" fill="#a9cbe8"/>
<path d="M0 0V6" stroke="#1f5a8c" stroke-width="1.4"/></pattern>
</defs>
)svg";

/// A number rounded to whole parts of 1 / `steps`, without trailing zeros.
std::string decimal(double value, double steps) {
  std::array<char, 64> buffer{};
  const double rounded = std::round(value * steps) / steps;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), rounded + 0.0).ptr;
  return {buffer.data(), end};
}

/// Pixels with two decimals.
std::string px(double value) {
  return decimal(value, 100.0);
}

std::string attribute(std::string_view name, double value) {
  return " " + std::string(name) + "=\"" + px(value) + "\"";
}

struct PixelPoint {
  double x;
  double y;
};

/// When nodes appear in an image that moves; in one that does not, all are there.
class Timing {
 public:
  Timing() = default;
  Timing(std::span<const NodeId> order, std::size_t num_nodes, const SvgAnimationOptions& options)
      : step_of_node_(num_nodes, 0), num_steps_(order.size()), options_(options) {
    for (std::size_t step = 0; step < order.size(); ++step) {
      step_of_node_[order[step].index()] = step + 1;
    }
  }

  std::size_t num_steps() const { return num_steps_; }

  /// Of a hard macro; nothing if it is there from the start.
  std::string appearance(NodeId node) const {
    const std::size_t step = step_of_node_.empty() ? 0 : step_of_node_[node.index()];
    return step == 0 ? "" : visible("hidden;visible", {step});
  }
  /// Of what comes after all macros.
  std::string last_appearance() const {
    return step_of_node_.empty() ? "" : visible("hidden;visible", {num_steps_ + 1});
  }
  /// From one step to the next.
  std::string during(std::size_t step) const {
    return visible("hidden;visible;hidden", {step, step + 1});
  }

 private:
  std::string visible(std::string_view values, std::initializer_list<std::size_t> steps) const {
    const double total_s = static_cast<double>(num_steps_ + 1) * options_.step_s + options_.hold_s;
    std::string times = "0";
    for (const std::size_t step : steps) {
      times += ";" + decimal(static_cast<double>(step) * options_.step_s / total_s, 1e5);
    }
    return "<animate attributeName=\"visibility\" calcMode=\"discrete\" values=\"" +
           std::string(values) + "\" keyTimes=\"" + times + "\" dur=\"" + decimal(total_s, 1e3) +
           "s\" repeatCount=\"indefinite\"/>";
  }

  std::vector<std::size_t> step_of_node_;  ///< 0: there from the start
  std::size_t num_steps_ = 0;
  SvgAnimationOptions options_;
};

/// Puts an image together.
class Drawing {
 public:
  Drawing(const Netlist& netlist,
          const Canvas& canvas,
          const Placement& placement,
          const SvgOptions& options,
          Timing timing = {})
      : netlist_(netlist),
        canvas_(canvas),
        placement_(placement),
        options_(options),
        scale_(options.width_px / canvas.width),
        top_(kMarginPx + (options.title.empty() ? 0.0 : kTitlePx)),
        timing_(std::move(timing)) {}

  std::string run() {
    open();
    text_ += rectangle({0.0, 0.0, canvas_.width, canvas_.height}, "canvas") + "/>\n";
    if (options_.show_grid) {
      add_grid();
    }
    add_blockages();
    if (options_.show_soft_macros) {
      text_ += "<g>" + timing_.last_appearance() + "\n";
      add_boxes(netlist_.soft_macros());
      add_boxes(netlist_.std_cells());
      text_ += "</g>\n";
    }
    for (const NodeId node : netlist_.hard_macros()) {
      add_hard_macro(node);
    }
    if (options_.show_ports) {
      add_ports();
    }
    if (options_.show_legend) {
      add_legend();
    }
    add_step_counts();
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
    const double height =
        top_ + canvas_.height * scale_ + kMarginPx + (options_.show_legend ? kLegendPx : 0.0);
    text_ = "<svg xmlns=\"http://www.w3.org/2000/svg\"" + attribute("width", width) +
            attribute("height", height) + " viewBox=\"0 0 " + px(width) + " " + px(height) +
            "\">\n";
    text_ += kStyle;
    if (!options_.title.empty()) {
      text_ += "<text class=\"head\"" + attribute("x", kMarginPx) +
               attribute("y", kMarginPx + 0.5 * kTitlePx) + ">" + escape_markup(options_.title) +
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
    const std::string appearance = timing_.appearance(node);
    text_ += appearance.empty() ? "" : "<g>" + appearance;
    text_ += rectangle(box, fixed ? "hard fixed" : "hard") + "><title>" +
             escape_markup(netlist_.name(node)) + " (" + std::string(to_string(orientation)) +
             (fixed ? ", fixed" : "") + ")</title></rect>\n";
    add_notch(box, orientation);
    if (options_.show_names) {
      add_name(node, box);
    }
    text_ += appearance.empty() ? "" : "</g>\n";
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
                 escape_markup(netlist_.name(node)) + "</title></rect>\n";
      }
    }
  }

  /// The last part of the path, cut to the width, along the longer side.
  void add_name(NodeId node, const Rect& box) {
    const bool upright = box.height() > 1.6 * box.width();
    const double along = scale_ * (upright ? box.height() : box.width());
    const double across = scale_ * (upright ? box.width() : box.height());
    if (along < kMinLabelPx || across < 1.4 * kFontPx) {
      return;
    }
    const PixelPoint centre = to_pixels(0.5 * (box.x0 + box.x1), 0.5 * (box.y0 + box.y1));
    text_ += "<text class=\"name\"" + attribute("x", centre.x) + attribute("y", centre.y);
    if (upright) {
      text_ += " transform=\"rotate(-90 " + px(centre.x) + " " + px(centre.y) + ")\"";
    }
    text_ += ">" + escape_markup(shortened(netlist_.name(node), along)) + "</text>\n";
  }

  static std::string shortened(std::string_view name, double width) {
    const std::size_t slash = name.find_last_of('/');
    if (slash != std::string_view::npos && slash + 1 < name.size()) {
      name.remove_prefix(slash + 1);
    }
    const auto fits = static_cast<std::size_t>(0.95 * width / (kCharWidth * kFontPx));
    if (name.size() <= fits) {
      return std::string(name);
    }
    // The end tells more than the start. Not from the middle of a UTF-8 character.
    name.remove_prefix(name.size() - (fits - 1));
    while (!name.empty() && (static_cast<unsigned char>(name.front()) & 0xC0U) == 0x80U) {
      name.remove_prefix(1);
    }
    return "…" + std::string(name);
  }

  void add_ports() {
    for (const NodeId node : netlist_.ports()) {
      if (is_placed(node)) {
        text_ += "<path class=\"port\" d=\"" +
                 port_path(placement_.x[node.index()], placement_.y[node.index()]) + "\"><title>" +
                 escape_markup(netlist_.name(node)) + "</title></path>\n";
      }
    }
  }

  /// A tick outwards at the edge of the canvas, a cross elsewhere.
  std::string port_path(double x, double y) const {
    constexpr double kEdgeShare = 1e-3;
    const double near = kEdgeShare * std::max(canvas_.width, canvas_.height);
    const PixelPoint at = to_pixels(x, y);
    const std::string start = "M" + px(at.x) + " " + px(at.y);
    if (x <= near || x >= canvas_.width - near) {
      return start + "h" + px(x <= near ? -kPortPx : kPortPx);
    }
    if (y <= near || y >= canvas_.height - near) {
      return start + "v" + px(y <= near ? kPortPx : -kPortPx);
    }
    const double half = 0.5 * kPortPx;
    return "M" + px(at.x - half) + " " + px(at.y) + "h" + px(kPortPx) + "M" + px(at.x) + " " +
           px(at.y - half) + "v" + px(kPortPx);
  }

  void add_legend() {
    const double y = top_ + canvas_.height * scale_ + kMarginPx + 0.5 * kLegendPx;
    double x = kMarginPx;
    const auto box = [&](const char* style, const char* text) {
      text_ += "<rect class=\"" + std::string(style) + "\"" + attribute("x", x) +
               attribute("y", y - 6.0) + attribute("width", kSwatchPx) + attribute("height", 12.0) +
               "/>";
      if (std::string_view(style) == "hard") {
        text_ += "<path class=\"notch\" d=\"M" + px(x) + " " + px(y + 6.0) + "h5l-5 -5z\"/>";
      }
      x += legend_text(x, y, text);
    };
    const std::span<const NodeId> hard = netlist_.hard_macros();
    if (!hard.empty()) {
      box("hard", "hard macro (notch: lower left of N)");
    }
    if (std::any_of(hard.begin(), hard.end(), [this](NodeId node) {
          return placement_.fixed[node.index()] != 0;
        })) {
      box("hard fixed", "fixed");
    }
    if (options_.show_soft_macros && !netlist_.soft_macros().empty()) {
      box("soft", "cluster");
    }
    if (!canvas_.blockages.empty()) {
      box("block", "blockage");
    }
    if (options_.show_ports && !netlist_.ports().empty()) {
      text_ +=
          "<path class=\"port\" d=\"M" + px(x + 6.0) + " " + px(y) + "h" + px(kPortPx) + "\"/>";
      legend_text(x, y, "port");
    }
    add_length(y);
  }

  /// Writes beside a swatch at x; returns how far it is to the next one.
  double legend_text(double x, double y, std::string_view text) {
    constexpr double kGapPx = 6.0;
    constexpr double kNextPx = 18.0;
    text_ += "<text class=\"legend\"" + attribute("x", x + kSwatchPx + kGapPx) + attribute("y", y) +
             ">" + std::string(text) + "</text>\n";
    return kSwatchPx + kGapPx + kNextPx + 0.52 * kLegendFontPx * static_cast<double>(text.size());
  }

  /// A length of 1, 2 or 5 times a power of ten, about an eighth of the width, at the right.
  void add_length(double y) {
    const double wanted = canvas_.width / 8.0;
    const double power = std::pow(10.0, std::floor(std::log10(wanted)));
    const double length = power * (wanted >= 5.0 * power ? 5.0 : wanted >= 2.0 * power ? 2.0 : 1.0);
    const double right = kMarginPx + options_.width_px;
    const double left = right - length * scale_;
    text_ += "<path class=\"scale\" d=\"M" + px(left) + " " + px(y - 4.0) + "v8m0 -4h" +
             px(length * scale_) + "m0 -4v8\"/><text class=\"legend\" text-anchor=\"end\"" +
             attribute("x", left - 6.0) + attribute("y", y) + ">" + px(length) + " µm</text>\n";
  }

  /// `12 / 40`, in an image that moves.
  void add_step_counts() {
    for (std::size_t step = 1; step <= timing_.num_steps(); ++step) {
      text_ += "<text class=\"step\" visibility=\"hidden\"" +
               attribute("x", kMarginPx + options_.width_px) +
               attribute("y", kMarginPx + 0.5 * kTitlePx) + ">" + std::to_string(step) + " / " +
               std::to_string(timing_.num_steps()) + timing_.during(step) + "</text>\n";
    }
  }

  const Netlist& netlist_;
  const Canvas& canvas_;
  const Placement& placement_;
  const SvgOptions& options_;
  double scale_;  ///< pixels per micron
  double top_;    ///< pixels above the canvas
  Timing timing_;
  std::string text_;
};

void check_area(const Canvas& canvas) {
  if (!(canvas.width > 0.0) || !(canvas.height > 0.0)) {
    throw OptionError("the canvas has no area; expected a positive width and height");
  }
}

}  // namespace

void SvgOptions::validate() const {
  if (!(width_px > 0.0 && width_px <= 1e5)) {
    throw OptionError("width_px is " + std::to_string(width_px) +
                      "; expected more than 0, up to 100000");
  }
}

void SvgAnimationOptions::validate() const {
  picture.validate();
  if (!(step_s > 0.0 && step_s <= 60.0 && hold_s > 0.0 && hold_s <= 600.0)) {
    throw OptionError("step_s is " + std::to_string(step_s) + " and hold_s " +
                      std::to_string(hold_s) + "; expected more than 0, up to 60 and 600");
  }
}

std::string format_svg(const Netlist& netlist,
                       const Canvas& canvas,
                       const Placement& placement,
                       const SvgOptions& options) {
  options.validate();
  check_area(canvas);
  return Drawing(netlist, canvas, placement, options).run();
}

std::string format_svg_animation(const Netlist& netlist,
                                 const Canvas& canvas,
                                 const Placement& placement,
                                 std::span<const NodeId> order,
                                 const SvgAnimationOptions& options) {
  options.validate();
  check_area(canvas);
  SvgAnimationOptions shown = options;
  if (shown.picture.title.empty()) {
    shown.picture.title = " ";  // the count of macros stands beside it
  }
  return Drawing(
             netlist, canvas, placement, shown.picture, Timing(order, netlist.num_nodes(), shown))
      .run();
}

}  // namespace tessera::netlist_io
