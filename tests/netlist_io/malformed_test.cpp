// One tiny file per way to be wrong: what the readers say about it, and where.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"

namespace tessera::netlist_io {
namespace {

/// A file, the place of its error (line 0: the file as a whole) and a part of the message.
struct Malformed {
  const char* file;
  std::size_t line;
  std::size_t column;
  const char* message;
};

constexpr Malformed kNetlists[] = {
    {"attribute_without_value.pb.txt",
     78,
     10,
     "attribute \"width\" of node \"M\" is not a number (\"f\" or \"i\")"},
    {"bad_escape.pb.txt", 58, 10, "found \"\\q\" in a string, which is no escape sequence"},
    {"binary.pb.txt", 2, 1, "found \"?\", expected a field name"},
    {"duplicate_name.pb.txt", 31, 9, "node \"a\" is defined twice"},
    {"empty.pb.txt", 0, 0, "the netlist has no nodes"},
    {"garbage_after_nodes.pb.txt", 293, 1, "found \"%\", expected a field name"},
    {"garbage_number.pb.txt", 80, 10, "found \"4.0.1\", expected a number"},
    {"gzip_damaged.pb.txt.gz", 0, 0, "is damaged: the gzip data cannot be inflated"},
    {"gzip_trailing_bytes.pb.txt.gz", 0, 0, "is damaged: there are bytes behind the gzip data"},
    {"gzip_truncated.pb.txt.gz", 0, 0, "is truncated: the gzip data ends too early"},
    {"header_bad_canvas.pb.txt",
     2,
     11,
     "header field \"Width\" has \"wide\", expected a finite number"},
    {"infinite_coordinate.pb.txt", 86, 10, "node \"M\" has the x inf, expected a finite number"},
    {"macro_as_sink.pb.txt",
     3,
     10,
     "\"a\" drives \"M\", which is a macro; expected a macro pin, port or standard cell"},
    {"missing_colon.pb.txt", 58, 8, "found \"\"\", expected \":\""},
    {"missing_name.pb.txt", 30, 1, "a node without name"},
    {"missing_type.pb.txt", 57, 1, "node \"M\" has no attribute \"type\""},
    {"missing_value.pb.txt", 81, 5, "found \"}\", expected a number"},
    {"missing_width.pb.txt", 57, 1, "node \"M\" has no attribute \"width\""},
    {"nan_width.pb.txt", 80, 10, "node \"M\" has the width nan, expected a finite number"},
    {"negative_height.pb.txt",
     62,
     10,
     "node \"M\" has the height -2, expected a number not below 0"},
    {"negative_weight.pb.txt", 265, 10, "has the weight -1, expected a number above 0"},
    {"nested_too_deep.pb.txt", 293, 409, "messages are nested deeper than 100 levels"},
    {"number_where_string.pb.txt",
     73,
     5,
     "attribute \"type\" of node \"M\" is not a string (\"placeholder\" or \"s\")"},
    {"number_with_comma.pb.txt", 80, 12, "found \"0\", expected a field name or \"}\""},
    {"overflowing_coordinate.pb.txt", 86, 10, "has the x inf, expected a finite number"},
    {"pin_of_a_port.pb.txt", 101, 20, "pin \"M/p\" names macro \"a\", which is not a macro"},
    {"pin_of_unknown_macro.pb.txt",
     101,
     20,
     "pin \"M/p\" names macro \"M9\", which is not defined"},
    {"pin_without_macro_name.pb.txt", 96, 1, "pin \"M/p\" has no attribute \"macro_name\""},
    {"stray_closing_brace.pb.txt", 30, 1, "found \"}\", expected a field name"},
    {"string_where_number.pb.txt",
     79,
     5,
     "attribute \"width\" of node \"M\" is not a number (\"f\" or \"i\")"},
    {"truncated_in_message.pb.txt",
     211,
     1,
     "the file ends where a field name or \"}\" is expected"},
    {"truncated_in_string.pb.txt", 99, 10, "a string without closing quote"},
    {"two_names.pb.txt", 32, 3, "a second value of the field \"name\""},
    {"two_values.pb.txt", 81, 7, "a second value of the field \"placeholder\""},
    {"unclosed_string.pb.txt", 58, 9, "a string without closing quote"},
    {"unknown_orientation.pb.txt",
     68,
     20,
     "node \"M\" has the orientation \"NORTH\", expected N, S, E, W, FN, FS, FE or FW"},
    {"unknown_side.pb.txt",
     8,
     20,
     "node \"a\" has the side \"FRONT\", expected LEFT, RIGHT, TOP or BOTTOM"},
    {"unknown_sink.pb.txt", 3, 10, "\"a\" drives \"M/nowhere\", which is not defined"},
    {"unknown_type.pb.txt",
     74,
     20,
     "node \"M\" has the type \"BLOCK\", expected PORT, MACRO, MACRO_PIN or STDCELL"},
    {"zero_weight.pb.txt", 265, 10, "has the weight 0, expected a number above 0"},
};

constexpr Malformed kPlacements[] = {
    {"binary.plc", 1, 1, "found a row of 1 fields, expected 5: index x y orientation fixed"},
    {"empty.plc", 1, 1, "rows are missing for 4 of 4 nodes, first for index 0, \"a\""},
    {"fixed_out_of_range.plc", 16, 9, "found \"2\", expected 1 for fixed or 0 for movable"},
    {"garbage_coordinate.plc", 16, 3, "found \"6um\", expected a finite number of microns"},
    {"garbage_fixed.plc", 16, 9, "found \"no\", expected 1 for fixed or 0 for movable"},
    {"garbage_index.plc", 16, 1, "found \"two\", expected the index of a node"},
    {"header_blockage_rate.plc",
     11,
     22,
     "header field \"Blockage\" has \"1.5\", expected a rate of at most 1"},
    {"header_fractional_columns.plc",
     2,
     13,
     "header field \"Columns\" has \"4.5\", expected an integer from 1 to 4096"},
    {"header_garbage_macro_routes.plc",
     7,
     32,
     "header field \"Routes used by macros, hor\" has \"x\", expected a finite number"},
    {"header_huge_grid.plc",
     2,
     23,
     "header field \"Rows\" has \"1000000\", expected an integer from 1 to 4096"},
    {"header_huge_smoothing.plc",
     8,
     22,
     "header field \"Smoothing factor\" has \"5000\", expected a number of cells from 0 to 1000"},
    {"header_infinite_height.plc",
     3,
     26,
     "header field \"Height\" has \"inf\", expected a finite number"},
    {"header_inverted_blockage.plc",
     11,
     18,
     "header field \"Blockage\" has \"0\", expected a right edge beyond the left one"},
    {"header_nan_overlap.plc",
     9,
     23,
     "header field \"Overlap threshold\" has \"nan\", expected a finite number"},
    {"header_negative_smoothing.plc",
     8,
     22,
     "header field \"Smoothing factor\" has \"-2\", expected a number not below 0"},
    {"header_negative_width.plc",
     3,
     11,
     "header field \"Width\" has \"-20.0\", expected a number above 0"},
    {"header_only.plc", 14, 1, "rows are missing for 4 of 4 nodes, first for index 0, \"a\""},
    {"header_short_blockage.plc",
     11,
     21,
     "header field \"Blockage\" has nothing, expected a finite number"},
    {"header_trailing_text.plc",
     3,
     31,
     "header field \"Height\" has \"um\", expected the end of the line"},
    {"header_without_rows.plc", 2, 14, "header field \"Columns\" has nothing, expected \"Rows :\""},
    {"header_zero_columns.plc",
     2,
     13,
     "header field \"Columns\" has \"0\", expected an integer from 1 to 4096"},
    {"header_zero_routes.plc",
     6,
     28,
     "header field \"Routes per micron, hor\" has \"0\", expected a number above 0"},
    {"index_of_a_pin.plc",
     17,
     1,
     "the netlist has no port, macro or standard cell of the index 7; it belongs to the pin "
     "\"Grp_1/Poutput_single_0\""},
    {"index_overflow.plc", 16, 1, "found \"99999999999999999999\", expected the index of a node"},
    {"infinite_coordinate.plc", 16, 5, "found \"inf\", expected a finite number of microns"},
    {"missing_row.plc", 17, 1, "rows are missing for 1 of 4 nodes, first for index 1, \"b\""},
    {"nan_coordinate.plc", 16, 3, "found \"nan\", expected a finite number of microns"},
    {"negative_index.plc", 16, 1, "found \"-2\", expected the index of a node"},
    {"repeated_index.plc", 17, 1, "a second row for node \"M\""},
    {"too_many_fields.plc",
     16,
     1,
     "found a row of 6 fields, expected 5: index x y orientation fixed"},
    {"truncated_row.plc",
     17,
     1,
     "found a row of 3 fields, expected 5: index x y orientation fixed"},
    {"unknown_index.plc", 17, 1, "the netlist has no port, macro or standard cell of the index 55"},
    {"unknown_orientation.plc",
     16,
     7,
     "found the orientation \"R0\", expected N, S, E, W, FN, FS, FE, FW or - for none"},
};

std::filesystem::path folder() {
  return testing::data_dir() / "malformed";
}

Netlist read_one(const std::string& path) {
  return read_netlist(std::vector<std::string>{path}).netlist;
}

/// Calls `read` with each file and compares the error with the table.
template <typename Read>
void check_all(const std::filesystem::path& files, std::span<const Malformed> table, Read&& read) {
  std::size_t num_files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(files)) {
    ++num_files;
  }
  CHECK(num_files == table.size());  // every file has its entry
  for (const Malformed& expected : table) {
    const std::string path = files / expected.file;
    CAPTURE(path);
    try {
      read(path);
      FAIL_CHECK("was read without error");
    } catch (const ParseError& error) {
      const std::string what = error.what();
      CAPTURE(what);
      CHECK(error.location().path == path);
      CHECK(error.location().line == expected.line);
      CHECK(error.location().column == expected.column);
      CHECK(what.find(expected.message) != std::string::npos);
    }
  }
}

}  // namespace

TEST_CASE("malformed netlists are rejected with place and reason") {
  check_all(folder() / "netlist", kNetlists, [](const std::string& path) { read_one(path); });
}

TEST_CASE("malformed placements are rejected with place and reason") {
  const Netlist netlist = read_one(folder() / "valid.pb.txt");
  CHECK(read_plc(folder() / "valid.plc", netlist).placement.size() == netlist.num_nodes());
  check_all(folder() / "plc", kPlacements, [&netlist](const std::string& path) {
    read_plc(path, netlist);
  });
}

}  // namespace tessera::netlist_io
