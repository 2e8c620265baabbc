#include "cost/cost_options.h"

#include <limits>
#include <string>
#include <vector>

#include "tests/cost/circuit_builder.h"
#include <doctest/doctest.h>

#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"

namespace tessera::cost {
namespace {

using netlist_io::Netlist;
using netlist_io::OptionError;

/// What `validate` says about options in which `field` is `value`; empty if nothing.
template <typename Field>
std::string complaint(Field field, double value) {
  CostOptions options;
  field(options) = value;
  try {
    options.validate();
  } catch (const OptionError& error) {
    return error.what();
  }
  return "";
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename Field>
void check_non_negative(Field field, const std::string& name) {
  CAPTURE(name);
  CHECK(complaint(field, 0.0).empty());
  CHECK(complaint(field, 3.5).empty());
  for (const double wrong : {-1e-9, -1.0, kNan, kInfinity, -kInfinity}) {
    CAPTURE(wrong);
    CHECK(mentions(complaint(field, wrong), name));
  }
}

template <typename Field>
void check_positive(Field field, const std::string& name) {
  CAPTURE(name);
  CHECK(complaint(field, 1e-6).empty());
  for (const double wrong : {0.0, -1.0, 1e-9, 1e12, kNan, kInfinity}) {
    CAPTURE(wrong);
    CHECK(mentions(complaint(field, wrong), name));
  }
}

}  // namespace

TEST_CASE("the default options are those of the published comparisons") {
  const CostOptions options;
  CHECK_NOTHROW(options.validate());
  CHECK(options.weights.wirelength == 1.0);
  CHECK(options.weights.density == 0.5);
  CHECK(options.weights.congestion == 0.5);
  CHECK(options.smooth_range == 0);
  CHECK(options.outside_pins == OutsidePins::kClamp);
  CHECK(options.soft_macro_shape == SoftMacroShape::kAsGiven);
}

TEST_CASE("options outside their range are refused by name") {
  check_non_negative([](CostOptions& o) -> double& { return o.weights.wirelength; },
                     "wirelength weight");
  check_non_negative([](CostOptions& o) -> double& { return o.weights.density; }, "density weight");
  check_non_negative([](CostOptions& o) -> double& { return o.weights.congestion; },
                     "congestion weight");
  check_positive([](CostOptions& o) -> double& { return o.routes.horizontal; },
                 "horizontal routes per micron");
  check_positive([](CostOptions& o) -> double& { return o.routes.vertical; },
                 "vertical routes per micron");
  check_non_negative([](CostOptions& o) -> double& { return o.macro_routes.horizontal; },
                     "horizontal routes used by macros");
  check_non_negative([](CostOptions& o) -> double& { return o.macro_routes.vertical; },
                     "vertical routes used by macros");
}

TEST_CASE("the smoothing range is 0 to 1000") {
  for (const int range : {0, 1, 1000}) {
    CostOptions options;
    options.smooth_range = range;
    CHECK_NOTHROW(options.validate());
  }
  for (const int range : {-1, 1001}) {
    CostOptions options;
    options.smooth_range = range;
    CHECK_THROWS_AS(options.validate(), OptionError);
  }
}

TEST_CASE("an evaluator refuses wrong options and a canvas without area") {
  const Netlist netlist = testing::CircuitBuilder().build();
  CostOptions wrong;
  wrong.routes.vertical = 0.0;
  const auto make = [&](const netlist_io::Canvas& canvas, const CostOptions& options) {
    const ProxyCost proxy_cost(netlist, canvas, options);
  };
  CHECK_NOTHROW(make(testing::make_canvas(1.0, 1.0, 1, 1), {}));
  CHECK_THROWS_AS(make(testing::make_canvas(1.0, 1.0, 1, 1), wrong), OptionError);
  CHECK_THROWS_AS(make(testing::make_canvas(0.0, 1.0, 1, 1), {}), OptionError);
  CHECK_THROWS_AS(make(testing::make_canvas(1.0, -1.0, 1, 1), {}), OptionError);
  CHECK_THROWS_AS(make(testing::make_canvas(kNan, 1.0, 1, 1), {}), OptionError);
  CHECK_THROWS_AS(make(testing::make_canvas(1.0, 1.0, 0, 1), {}), OptionError);
  CHECK_THROWS_AS(make(testing::make_canvas(1.0, 1.0, 1, -2), {}), OptionError);
  CHECK_THROWS_AS(make(testing::make_canvas(kInfinity, 1.0, 1, 1), {}), OptionError);
}

}  // namespace tessera::cost
