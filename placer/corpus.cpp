#include "placer/corpus.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "netlist_io/errors.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/rng.h"
#include "placer/clustering/generated_block.h"

namespace tessera::placer {

using netlist_io::OptionError;
using netlist_io::ParseError;
using netlist_io::PlcHeader;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMostSeeds = 1'000'000;

/// A name or an item without what follows the block itself.
struct Seen {
  std::string base;
  std::optional<std::uint64_t> cost_seed;  ///< of another objective; none: the block's own
  Symmetry symmetry;
};

std::string seen_name(const Seen& seen) {
  return seen.base + (seen.cost_seed ? "%" + std::to_string(*seen.cost_seed) : "") +
         (seen.symmetry == Symmetry{} ? "" : "@" + to_string(seen.symmetry));
}

std::optional<std::uint64_t> parse_seed(std::string_view text) {
  std::uint64_t seed = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seed);
  return error == std::errc() && stop == end ? std::optional(seed) : std::nullopt;
}

/// A file whose own name looks like that of a block with a symmetry or an objective is that file.
Seen split_name(const std::string& name) {
  Seen seen{name, {}, {}};
  const std::size_t at = seen.base.rfind('@');
  if (at != std::string::npos && !fs::exists(seen.base)) {
    const std::optional<Symmetry> symmetry = parse_symmetry(std::string_view(name).substr(at + 1));
    if (symmetry && *symmetry != Symmetry{}) {
      seen.symmetry = *symmetry;
      seen.base.resize(at);
    }
  }
  const std::size_t percent = seen.base.rfind('%');
  if (percent != std::string::npos && !fs::exists(seen.base)) {
    seen.cost_seed = parse_seed(std::string_view(seen.base).substr(percent + 1));
    if (seen.cost_seed) {
      seen.base.resize(percent);
    }
  }
  return seen;
}

/// Seeds of one recipe, both ends included.
struct RecipeSeeds {
  std::string recipe;
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

/// None: the text does not start with a recipe. Throws `OptionError` for seeds that are none.
std::optional<RecipeSeeds> parse_recipe(const std::string& text) {
  const std::size_t colon = text.find(':');
  RecipeSeeds seeds;
  seeds.recipe = text.substr(0, colon);
  const std::vector<std::string_view> recipes = generated_block_recipes();
  if (std::find(recipes.begin(), recipes.end(), seeds.recipe) == recipes.end()) {
    return std::nullopt;
  }
  if (colon == std::string::npos) {
    return seeds;
  }
  const std::string_view range = std::string_view(text).substr(colon + 1);
  const std::size_t dash = range.find('-');
  const std::optional<std::uint64_t> first = parse_seed(range.substr(0, dash));
  const std::optional<std::uint64_t> last =
      dash == std::string_view::npos ? first : parse_seed(range.substr(dash + 1));
  if (!first || !last || *last < *first || *last - *first >= kMostSeeds) {
    throw OptionError("corpus item \"" + text + "\" has the seeds \"" + std::string(range) +
                      "\", expected SEED or FIRST-LAST with FIRST <= LAST and at most " +
                      std::to_string(kMostSeeds) + " of them");
  }
  seeds.first = *first;
  seeds.last = *last;
  return seeds;
}

/// File name without `.pb.txt` or `.pb.txt.gz`; none for other files.
std::optional<std::string> netlist_stem(const fs::path& path) {
  const std::string file = path.filename().string();
  for (const std::string_view ending : {".pb.txt", ".pb.txt.gz"}) {
    if (file.ends_with(ending)) {
      return file.substr(0, file.size() - ending.size());
    }
  }
  return std::nullopt;
}

/// The placement beside a netlist, if both are there.
std::optional<fs::path> find_plc(const fs::path& netlist) {
  const std::optional<std::string> stem = netlist_stem(netlist);
  if (!stem || !fs::is_regular_file(netlist)) {
    return std::nullopt;
  }
  for (const std::string& file : {*stem + ".plc", std::string("initial.plc")}) {
    fs::path plc = netlist.parent_path() / file;
    if (fs::is_regular_file(plc)) {
      return plc;
    }
  }
  return std::nullopt;
}

std::vector<std::string> netlists_below(const std::string& folder) {
  std::vector<std::string> netlists;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (find_plc(entry.path())) {
      netlists.push_back(entry.path().string());
    }
  }
  std::sort(netlists.begin(), netlists.end());
  if (netlists.empty()) {
    throw OptionError("corpus item \"" + folder +
                      "\" is a folder without blocks, expected X.pb.txt or X.pb.txt.gz with X.plc "
                      "or initial.plc beside it");
  }
  return netlists;
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) {
    text += (text.empty() ? "" : ", ") + std::string(word);
  }
  return text;
}

/// Names of an item, both without symmetry and objective.
std::vector<std::string> expand_item(const std::string& item) {
  if (const std::optional<RecipeSeeds> seeds = parse_recipe(item)) {
    std::vector<std::string> names;
    for (std::uint64_t i = 0; i <= seeds->last - seeds->first; ++i) {
      names.push_back(seeds->recipe + ":" + std::to_string(seeds->first + i));
    }
    return names;
  }
  if (fs::is_directory(item)) {
    return netlists_below(item);
  }
  if (find_plc(item)) {
    return {item};
  }
  if (fs::exists(item)) {
    throw OptionError("corpus item \"" + item + "\" is " +
                      (netlist_stem(item) ? "a netlist without a placement, expected X.plc or "
                                            "initial.plc beside X.pb.txt"
                                          : "a file that does not end in .pb.txt or .pb.txt.gz"));
  }
  throw OptionError("corpus item \"" + item +
                    "\" is neither a netlist nor a folder nor a recipe; recipes are " +
                    joined(generated_block_recipes()));
}

cost::CostOptions cost_options(const PlcHeader& header) {
  cost::CostOptions options;
  options.routes = header.routes.value_or(options.routes);
  options.macro_routes = header.macro_routes.value_or(options.macro_routes);
  options.smooth_range =
      static_cast<int>(header.smoothing_factor.value_or(static_cast<double>(options.smooth_range)));
  options.validate();
  return options;
}

/// Wide enough for the published objective and for those that count little but wires, with the
/// tracks of any real process.
void draw_objective(const std::string& block, std::uint64_t seed, cost::CostOptions& cost) {
  netlist_io::Rng rng = netlist_io::Rng::derive(seed, "objective of " + block);
  const auto draw = [&rng](double low, double high) {
    return std::exp(rng.uniform(std::log(low), std::log(high)));
  };
  cost.weights = {1.0, draw(0.02, 1.0), draw(0.02, 1.0)};
  for (const auto direction :
       {&netlist_io::RoutesPerMicron::horizontal, &netlist_io::RoutesPerMicron::vertical}) {
    cost.routes.*direction *= draw(0.2, 1.5);
    cost.macro_routes.*direction = rng.uniform(0.4, 0.8) * cost.routes.*direction;
  }
}

CorpusBlock generated_block(const RecipeSeeds& seeds) {
  netlist_io::GeneratedBlock generated = make_generated_block(seeds.recipe, seeds.first);
  CorpusBlock block;
  block.cost = cost_options(generated.header);
  block.netlist = std::move(generated.netlist);
  block.canvas = std::move(generated.canvas);
  block.placement = std::move(generated.placement);
  return block;
}

CorpusBlock read_block(const std::string& path) {
  const std::optional<fs::path> plc_path = find_plc(path);
  if (!plc_path) {
    throw ParseError({path, 0, 0},
                     "is no netlist with a placement, expected X.pb.txt or X.pb.txt.gz with X.plc "
                     "or initial.plc beside it");
  }
  netlist_io::NetlistFile file = netlist_io::read_netlist({&path, 1});
  if (!file.netlist.std_cells().empty()) {
    throw ParseError({path, 0, 0},
                     "has " + std::to_string(file.netlist.std_cells().size()) +
                         " standard cells, expected clusters (tessera cluster makes them)");
  }
  netlist_io::PlcFile plc = netlist_io::read_plc(plc_path->string(), file.netlist);
  PlcHeader header = netlist_io::merge_headers(file.header, plc.header);
  if (!header.width || !header.height || !header.cols || !header.rows) {
    throw ParseError({plc_path->string(), 0, 0}, "has no canvas size or no grid in its header");
  }
  CorpusBlock block;
  block.cost = cost_options(header);
  block.netlist = std::move(file.netlist);
  block.canvas = {
      *header.width, *header.height, {*header.cols, *header.rows}, std::move(header.blockages)};
  block.placement = std::move(plc.placement);
  return block;
}

}  // namespace

std::vector<std::string> expand_corpus(std::span<const std::string> items) {
  std::vector<std::string> names;
  for (const std::string& item : items) {
    const Seen seen = split_name(item);
    for (std::string& base : expand_item(seen.base)) {
      names.push_back(seen_name({std::move(base), seen.cost_seed, seen.symmetry}));
    }
  }
  return names;
}

std::vector<std::string> with_symmetries(std::span<const std::string> names) {
  std::vector<std::string> result;
  for (const std::string& name : names) {
    const Seen seen = split_name(name);
    if (seen.symmetry != Symmetry{}) {
      result.push_back(name);
      continue;
    }
    for (const Symmetry symmetry : kSymmetries) {
      result.push_back(seen_name({seen.base, seen.cost_seed, symmetry}));
    }
  }
  return result;
}

CorpusView corpus_view(const std::string& name) {
  Seen seen = split_name(name);
  const Symmetry symmetry = std::exchange(seen.symmetry, Symmetry{});
  return {seen_name(seen), symmetry};
}

CorpusBlock load_corpus_block(const std::string& name) {
  const Seen seen = split_name(name);
  const std::optional<RecipeSeeds> seeds = parse_recipe(seen.base);
  CorpusBlock block = seeds ? generated_block(*seeds) : read_block(seen.base);
  if (seen.cost_seed) {
    draw_objective(seen.base, *seen.cost_seed, block.cost);
  }
  block = transform_block(std::move(block), seen.symmetry);
  block.name = name;
  return block;
}

}  // namespace tessera::placer
