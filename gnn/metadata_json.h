#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace tessera::gnn {

/// Reads `text`, JSON in the metadata of a checkpoint, which anybody may have written. Where
/// `sample`, the JSON of any value of the type that it is to become, has a whole number, `text`
/// must have one, too: converting a fraction or a number beyond the type is undefined. An array of
/// the sample stands for all elements by its first. Keys may be more or fewer; the conversion tells
/// of those.
///
/// Throws `nlohmann::json::exception` for what is no JSON or nested too deep, and
/// `std::invalid_argument` for other numbers.
nlohmann::json parse_metadata(const std::string& text, const nlohmann::json& sample);

/// Throws `std::invalid_argument` where a whole number of `document` has become another in
/// `converted`, because its type is smaller.
void check_conversion(const nlohmann::json& converted, const nlohmann::json& document);

/// `text` as a T, checked by the two functions above. Throws as they do.
template <typename T>
T read_metadata(const std::string& text, const T& sample) {
  const nlohmann::json document = parse_metadata(text, nlohmann::json(sample));
  T value = document.get<T>();
  check_conversion(nlohmann::json(value), document);
  return value;
}

}  // namespace tessera::gnn
