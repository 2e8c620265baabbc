#include "cost/cost_options.h"

#include <string>

#include "netlist_io/errors.h"
#include "netlist_io/number_text.h"

namespace tessera::cost {
namespace {

using netlist_io::OptionError;

void require(bool valid, const char* name, double value, const char* range) {
  if (!valid) {
    std::string found;
    netlist_io::append_number(found, value);
    throw OptionError(std::string(name) + " is " + found + ", expected " + range);
  }
}

void require_non_negative(const char* name, double value) {
  require(netlist_io::is_in_range(value) && value >= 0.0, name, value, "a number from 0 to 1e9");
}

void require_positive(const char* name, double value) {
  require(netlist_io::is_in_range(value) && value >= netlist_io::kMinPositive,
          name,
          value,
          "a number from 1e-6 to 1e9");
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
