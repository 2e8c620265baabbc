#include "cost/cost_options.h"

#include <cmath>
#include <string>

#include "netlist_io/errors.h"

namespace tessera::cost {
namespace {

using netlist_io::OptionError;

void require(bool valid, const char* name, double value, const char* range) {
  if (!valid) {
    throw OptionError(std::string(name) + " is " + std::to_string(value) + ", expected " + range);
  }
}

void require_non_negative(const char* name, double value) {
  require(std::isfinite(value) && value >= 0.0, name, value, "a finite number >= 0");
}

void require_positive(const char* name, double value) {
  require(std::isfinite(value) && value > 0.0, name, value, "a finite number > 0");
}

}  // namespace

void CostOptions::validate() const {
  require_non_negative("the wirelength weight", weights.wirelength);
  require_non_negative("the density weight", weights.density);
  require_non_negative("the congestion weight", weights.congestion);
  require_positive("horizontal routes per micron", routes.horizontal);
  require_positive("vertical routes per micron", routes.vertical);
  require_non_negative("horizontal routes used by macros", macro_routes.horizontal);
  require_non_negative("vertical routes used by macros", macro_routes.vertical);
  require(
      smooth_range >= 0 && smooth_range <= 1000, "the smoothing range", smooth_range, "0 to 1000");
}

}  // namespace tessera::cost
