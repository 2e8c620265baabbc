#pragma once

#include <string_view>

namespace tessera::app {

/// The page of reports with style and scripts in it: `data/report/` and Chart.js in one piece, made
/// by the build. `<!--TITLE-->` and `<!--PAYLOAD-->` stand where title and data belong.
std::string_view page_source();

}  // namespace tessera::app
