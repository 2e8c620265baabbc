#include "tests/cost/reference_cost.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace tessera::testing {
namespace {

using cost::CostOptions;
using cost::OutsidePins;
using cost::SoftMacroShape;
using netlist_io::Canvas;
using netlist_io::NetId;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::Offset;
using netlist_io::PinId;
using netlist_io::Placement;

struct Point {
  double x;
  double y;
};

/// (row, column)
using Gcell = std::pair<int, int>;

/// The matrices of the orientations, row by row: (x, y) -> (a x + b y, c x + d y).
Point turned(Offset offset, std::string_view orientation) {
  static const std::map<std::string_view, std::array<int, 4>> matrices = {
      {"N", {1, 0, 0, 1}},
      {"FN", {-1, 0, 0, 1}},
      {"S", {-1, 0, 0, -1}},
      {"FS", {1, 0, 0, -1}},
      {"E", {0, 1, -1, 0}},
      {"FE", {0, -1, -1, 0}},
      {"W", {0, -1, 1, 0}},
      {"FW", {0, 1, 1, 0}},
  };
  const auto& [a, b, c, d] = matrices.at(orientation);
  return {a * offset.x + b * offset.y, c * offset.x + d * offset.y};
}

class Evaluator {
 public:
  Evaluator(const Netlist& netlist,
            const Canvas& canvas,
            const Placement& placement,
            const CostOptions& options)
      : netlist_(netlist),
        canvas_(canvas),
        placement_(placement),
        options_(options),
        cols_(canvas.grid.cols),
        rows_(canvas.grid.rows),
        cell_w_(canvas.width / cols_),
        cell_h_(canvas.height / rows_) {}

  ReferenceCost run() {
    wirelength();
    density();
    congestion();
    return result_;
  }

 private:
  struct Box {
    double x0, y0, x1, y1;
  };

  CellTable empty_table() const {
    return CellTable(static_cast<std::size_t>(rows_),
                     std::vector<double>(static_cast<std::size_t>(cols_), 0.0));
  }

  static double& at(CellTable& table, int row, int col) {
    return table.at(static_cast<std::size_t>(row)).at(static_cast<std::size_t>(col));
  }

  Point pin_position(PinId pin) const {
    const NodeId node = netlist_.pin(pin).node;
    const Point offset =
        turned(netlist_.pin(pin).offset, to_string(placement_.orientation[node.index()]));
    return {placement_.x[node.index()] + offset.x, placement_.y[node.index()] + offset.y};
  }

  Box box(NodeId node) const {
    double width = netlist_.node(node).width;
    double height = netlist_.node(node).height;
    if (netlist_.kind(node) == NodeKind::kSoftMacro &&
        options_.soft_macro_shape == SoftMacroShape::kSquare) {
      const double side = std::sqrt(width * height);
      width = side;
      height = side;
    }
    const double x = placement_.x[node.index()];
    const double y = placement_.y[node.index()];
    return {x - width / 2, y - height / 2, x + width / 2, y + height / 2};
  }

  double overlap_x(const Box& b, int col) const {
    return std::min(b.x1, (col + 1) * cell_w_) - std::max(b.x0, col * cell_w_);
  }
  double overlap_y(const Box& b, int row) const {
    return std::min(b.y1, (row + 1) * cell_h_) - std::max(b.y0, row * cell_h_);
  }

  void wirelength() {
    double weight_sum = 0.0;
    for (const netlist_io::NetRecord& net : netlist_.records().nets) {
      std::vector<double> x = {pin_position(net.driver).x};
      std::vector<double> y = {pin_position(net.driver).y};
      for (const PinId sink : net.sinks) {
        x.push_back(pin_position(sink).x);
        y.push_back(pin_position(sink).y);
      }
      std::sort(x.begin(), x.end());
      std::sort(y.begin(), y.end());
      const double weight = net_weight(net);
      result_.hpwl_um += weight * ((x.back() - x.front()) + (y.back() - y.front()));
      weight_sum += weight;
    }
    if (netlist_.records().nets.empty()) {
      weight_sum = 1.0;
    }
    result_.wirelength = result_.hpwl_um / ((canvas_.width + canvas_.height) * weight_sum);
  }

  double net_weight(const netlist_io::NetRecord& net) const {
    const netlist_io::PinRecord& driver = netlist_.pin(net.driver);
    return net.weight.value_or(netlist_.kind(driver.node) == NodeKind::kPort ? 1.0 : driver.weight);
  }

  void density() {
    result_.density = empty_table();
    for (int row = 0; row < rows_; ++row) {
      for (int col = 0; col < cols_; ++col) {
        double area = 0.0;
        for (std::size_t i = 0; i < netlist_.num_nodes(); ++i) {
          if (netlist_.kind(NodeId(i)) != NodeKind::kPort) {
            const Box b = box(NodeId(i));
            area += std::max(0.0, overlap_x(b, col)) * std::max(0.0, overlap_y(b, row));
          }
        }
        at(result_.density, row, col) = area / (cell_w_ * cell_h_);
      }
    }
    std::vector<double> values = flatten(result_.density);
    std::sort(values.begin(), values.end(), std::greater<>());
    std::size_t count = values.size() / 10;
    if (values.size() < 10) {
      count = static_cast<std::size_t>(
          std::count_if(values.begin(), values.end(), [](double value) { return value > 0.0; }));
    }
    result_.density_cost = count == 0 ? 0.0 : 0.5 * mean_of_first(values, count);
  }

  static double mean_of_first(const std::vector<double>& values, std::size_t count) {
    double sum = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      sum += values[i];
    }
    return sum / static_cast<double>(count);
  }

  Gcell gcell(Point p) const {
    const double col = std::clamp(std::floor(p.x / cell_w_), 0.0, cols_ - 1.0);
    const double row = std::clamp(std::floor(p.y / cell_h_), 0.0, rows_ - 1.0);
    return {static_cast<int>(row), static_cast<int>(col)};
  }

  void charge_row(int row, int col_a, int col_b, double weight) {
    for (int col = 0; col < cols_; ++col) {
      if (std::min(col_a, col_b) <= col && col < std::max(col_a, col_b)) {
        at(result_.net_h, row, col) += weight;
      }
    }
  }
  void charge_col(int col, int row_a, int row_b, double weight) {
    for (int row = 0; row < rows_; ++row) {
      if (std::min(row_a, row_b) <= row && row < std::max(row_a, row_b)) {
        at(result_.net_v, row, col) += weight;
      }
    }
  }

  void charge_l(Gcell source, Gcell sink, double weight) {
    charge_row(source.first, source.second, sink.second, weight);
    charge_col(sink.second, source.first, sink.first, weight);
  }

  /// The four shapes of three cells, as the rule list of the model names them.
  void charge_three(const std::set<Gcell>& cells, double w) {
    std::vector<std::pair<int, int>> by_column;  // (column, row)
    for (const auto& [row, col] : cells) {
      by_column.emplace_back(col, row);
    }
    std::sort(by_column.begin(), by_column.end());
    const auto [x1, y1] = by_column[0];
    const auto [x2, y2] = by_column[1];
    const auto [x3, y3] = by_column[2];
    const bool rising = y1 < y2 && y2 < y3;
    const bool falling = y1 > y2 && y2 > y3;
    if (x1 < x2 && x2 < x3 && (rising || falling)) {
      charge_row(y1, x1, x2, w);
      charge_col(x2, y1, y2, w);
      charge_row(y2, x2, x3, w);
      charge_col(x3, y2, y3, w);
    } else if (x2 == x3 && x1 < x2 && y1 < y2 && y1 < y3) {
      charge_row(y1, x1, x2, w);
      charge_col(x2, y1, std::max(y2, y3), w);
    } else if (y2 == y3) {
      charge_row(y1, x1, x2, w);
      charge_row(y2, x2, x3, w);
      charge_col(x2, y1, y2, w);
    } else {
      const std::vector<Gcell> by_row(cells.begin(), cells.end());  // sorted by (row, column)
      charge_row(by_row[1].first, x1, x3, w);
      charge_col(by_row[0].second, by_row[0].first, by_row[1].first, w);
      charge_col(by_row[2].second, by_row[1].first, by_row[2].first, w);
    }
  }

  void charge_nets() {
    result_.net_h = empty_table();
    result_.net_v = empty_table();
    for (const netlist_io::NetRecord& net : netlist_.records().nets) {
      std::set<Gcell> cells;
      bool outside = false;
      std::vector<PinId> pins = net.sinks;
      pins.push_back(net.driver);
      for (const PinId pin : pins) {
        const Point p = pin_position(pin);
        outside = outside || p.x < 0.0 || p.y < 0.0 || p.x > canvas_.width || p.y > canvas_.height;
        cells.insert(gcell(p));
      }
      if (outside && options_.outside_pins == OutsidePins::kDrop) {
        continue;
      }
      const double w = net_weight(net) > 1.0 ? net_weight(net) : 1.0;
      if (cells.size() == 3) {
        charge_three(cells, w);
      } else {
        const Gcell source = gcell(pin_position(net.driver));
        for (const Gcell& sink : cells) {
          charge_l(source, sink, w);  // charges nothing if they are one cell
        }
      }
    }
  }

  /// Adds the whole overlap of every cell, noting which end is partial, and then takes away this
  /// macro's share of the top row or of the right column.
  void block(const Box& b) {
    const int col0 = std::max(0, static_cast<int>(std::floor(b.x0 / cell_w_)));
    const int row0 = std::max(0, static_cast<int>(std::floor(b.y0 / cell_h_)));
    const int col1 = std::min(cols_ - 1, static_cast<int>(std::floor(b.x1 / cell_w_)));
    const int row1 = std::min(rows_ - 1, static_cast<int>(std::floor(b.y1 / cell_h_)));
    const auto shares = [&](int row, int col) {
      const Point overlap = {overlap_x(b, col), overlap_y(b, row)};
      return overlap.x > 0.0 && overlap.y > 0.0 ? overlap : Point{0.0, 0.0};
    };
    bool partial_v = false;
    bool partial_h = false;
    for (int row = row0; row <= row1; ++row) {
      for (int col = col0; col <= col1; ++col) {
        const Point share = shares(row, col);
        at(result_.macro_v, row, col) += share.x * options_.macro_routes.vertical;
        at(result_.macro_h, row, col) += share.y * options_.macro_routes.horizontal;
        if (row0 != row1 && (row == row0 || row == row1)) {
          partial_v = partial_v || std::abs(share.y - cell_h_) > 1e-5;
        }
        if (col0 != col1 && (col == col0 || col == col1)) {
          partial_h = partial_h || std::abs(share.x - cell_w_) > 1e-5;
        }
      }
    }
    if (partial_v) {
      for (int col = col0; col <= col1; ++col) {
        at(result_.macro_v, row1, col) -= shares(row1, col).x * options_.macro_routes.vertical;
      }
    }
    if (partial_h) {
      for (int row = row0; row <= row1; ++row) {
        at(result_.macro_h, row, col1) -= shares(row, col1).y * options_.macro_routes.horizontal;
      }
    }
  }

  static void divide(CellTable& table, double divisor) {
    for (std::vector<double>& row : table) {
      for (double& value : row) {
        value /= divisor;
      }
    }
  }

  /// Number of cells within the smoothing range of `index`, itself included.
  int window(int index, int size) const {
    int count = 0;
    for (int i = 0; i < size; ++i) {
      count += std::abs(i - index) <= options_.smooth_range ? 1 : 0;
    }
    return count;
  }

  void congestion() {
    charge_nets();
    result_.macro_h = empty_table();
    result_.macro_v = empty_table();
    for (std::size_t i = 0; i < netlist_.num_nodes(); ++i) {
      if (netlist_.kind(NodeId(i)) == NodeKind::kHardMacro) {
        block(box(NodeId(i)));
      }
    }
    divide(result_.net_h, cell_h_ * options_.routes.horizontal);
    divide(result_.macro_h, cell_h_ * options_.routes.horizontal);
    divide(result_.net_v, cell_w_ * options_.routes.vertical);
    divide(result_.macro_v, cell_w_ * options_.routes.vertical);

    result_.total_h = result_.macro_h;
    result_.total_v = result_.macro_v;
    for (int row = 0; row < rows_; ++row) {
      for (int col = 0; col < cols_; ++col) {
        for (int from = 0; from < rows_; ++from) {
          if (std::abs(from - row) <= options_.smooth_range) {
            at(result_.total_h, row, col) += at(result_.net_h, from, col) / window(from, rows_);
          }
        }
        for (int from = 0; from < cols_; ++from) {
          if (std::abs(from - col) <= options_.smooth_range) {
            at(result_.total_v, row, col) += at(result_.net_v, row, from) / window(from, cols_);
          }
        }
      }
    }
    std::vector<double> values = flatten(result_.total_v);
    const std::vector<double> horizontal = flatten(result_.total_h);
    values.insert(values.end(), horizontal.begin(), horizontal.end());
    std::sort(values.begin(), values.end(), std::greater<>());
    result_.congestion_cost = mean_of_first(values, std::max<std::size_t>(1, values.size() / 20));
  }

  const Netlist& netlist_;
  const Canvas& canvas_;
  const Placement& placement_;
  const CostOptions& options_;
  int cols_;
  int rows_;
  double cell_w_;
  double cell_h_;
  ReferenceCost result_;
};

}  // namespace

ReferenceCost reference_cost(const Netlist& netlist,
                             const Canvas& canvas,
                             const Placement& placement,
                             const CostOptions& options) {
  return Evaluator(netlist, canvas, placement, options).run();
}

std::vector<double> flatten(const CellTable& table) {
  std::vector<double> values;
  for (const std::vector<double>& row : table) {
    values.insert(values.end(), row.begin(), row.end());
  }
  return values;
}

}  // namespace tessera::testing
