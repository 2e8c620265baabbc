#include "gnn/canvas_inference.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/gnn/episode_states.h"
#include "tests/gnn/small_block.h"
#include "tests/gnn/torch_doctest.h"
#include "tests/gnn/vivid_network.h"
#include "tests/support/test_support.h"

#include "gnn/loaded_network.h"
#include "gnn/model_file.h"
#include "gnn/network_policy.h"
#include "gnn/observation_encoder.h"
#include "netlist_io/errors.h"
#include "placer/episodes.h"

namespace {

using tessera::gnn::CanvasInference;
using tessera::gnn::Checkpoint;
using tessera::gnn::kMetadataFeatures;
using tessera::gnn::kNodeFeatures;
using tessera::gnn::load_inference_network;
using tessera::gnn::make_model_checkpoint;
using tessera::gnn::make_network;
using tessera::gnn::ModelConfig;
using tessera::gnn::NetworkPolicy;
using tessera::gnn::ObservationEncoder;
using tessera::gnn::PolicyNet;
using tessera::gnn::PolicyValue;
using tessera::gnn::read_tensor_file;
using tessera::gnn::save_checkpoint;
using tessera::gnn::StateBatch;
using tessera::netlist_io::GridShape;
using tessera::netlist_io::ParseError;
using tessera::placer::MacroEnv;
using tessera::placer::PolicyOutput;
using tessera::testing::encode_alone;
using tessera::testing::EpisodeStates;
using tessera::testing::first_cells;
using tessera::testing::identity;
using tessera::testing::kRandomBlockMacros;
using tessera::testing::random_block;
using tessera::testing::scratch_dir;
using tessera::testing::toy_block;
using tessera::testing::vivid_network;

/// A network in which everything counts, saved.
std::shared_ptr<PolicyNet> saved_network(const ModelConfig& config, const std::string& path) {
  const std::shared_ptr<PolicyNet> net = vivid_network(config, 3);
  Checkpoint checkpoint = make_model_checkpoint(*net);
  checkpoint.metadata[tessera::gnn::kEnvironmentKey] = R"({"order":"area"})";
  save_checkpoint(checkpoint, path);
  return net;
}

template <typename Value>
std::span<const Value> values_of(const torch::Tensor& tensor) {
  return {tensor.data_ptr<Value>(), static_cast<std::size_t>(tensor.numel())};
}

/// The only state of a batch.
CanvasInference::State state_of(const StateBatch& batch) {
  return {batch.layout->graph(0).get(),
          values_of<float>(batch.nodes),
          values_of<std::int64_t>(batch.cells),
          static_cast<std::size_t>(batch.current.item<std::int64_t>()),
          values_of<float>(batch.metadata),
          values_of<float>(batch.canvas),
          batch.grids.front()};
}

TEST_CASE("Without LibTorch a canvas network computes what it does with it") {
  ModelConfig config;
  SUBCASE("default") {}
  SUBCASE("wide") {
    config.graph_width = 32;
    config.canvas_width = 48;
  }
  SUBCASE("deep") {
    config.graph_layers = 5;
    config.canvas_layers = 6;
  }
  SUBCASE("without residual convolutions and scattered vertices") {
    config.canvas_layers = 0;
    config.scatter_width = 0;
  }
  SUBCASE("without maps of changes") {
    config.delta_maps = false;
  }
  REQUIRE(CanvasInference::supports(config));
  const std::string path = (scratch_dir("canvas_inference") / "net.safetensors").string();
  const std::shared_ptr<PolicyNet> net = saved_network(config, path);
  const CanvasInference inference(read_tensor_file(path));
  CanvasInference::Scratch scratch;
  const auto large = random_block(5, identity(kRandomBlockMacros));
  const auto toy = toy_block();
  for (const auto* const block : {large.get(), toy.get(), large.get()}) {
    const EpisodeStates episode(*block->problem, first_cells(*block->problem, 3));
    for (std::size_t step = 0; step < episode.size(); ++step) {
      const StateBatch batch = encode_alone(episode.seen(step));
      const torch::NoGradGuard no_grad;
      const PolicyValue expected = net->forward(batch);
      std::vector<float> logits(static_cast<std::size_t>(expected.logits.numel()));
      const float value = inference.evaluate(state_of(batch), scratch, logits);
      CHECK(value == doctest::Approx(expected.value.item<double>()).epsilon(1e-4));
      const torch::Tensor found = torch::tensor(logits).view_as(expected.logits);
      const double spread = (expected.logits - expected.logits.mean()).abs().max().item<double>();
      CHECK((found - expected.logits).abs().max().item<double>() < 1e-4 * (spread + 1.0));
    }
  }
}

TEST_CASE("A network loaded without LibTorch is the same policy") {
  const std::string path = (scratch_dir("inference_policy") / "net.safetensors").string();
  const std::shared_ptr<PolicyNet> net = saved_network({}, path);
  const auto loaded = load_inference_network(path);
  REQUIRE(loaded != nullptr);
  CHECK(loaded->environment() == R"({"order":"area"})");
  const auto block = random_block(5, identity(kRandomBlockMacros));
  const auto policy = loaded->policy_for(*block->problem);
  MacroEnv first(*block->problem);
  MacroEnv second(*block->problem);
  second.step(first_cells(*block->problem, 1).front());
  const MacroEnv* const envs[] = {&first, &second};
  PolicyOutput expected;
  NetworkPolicy(net, *block->problem).evaluate(envs, expected);
  PolicyOutput found;
  policy->evaluate(envs, found);
  REQUIRE(found.logits.size() == expected.logits.size());
  REQUIRE(found.values.size() == 2);
  // LibTorch's policy sees the canvas in half precision.
  for (std::size_t i = 0; i < found.logits.size(); ++i) {
    CHECK(found.logits[i] == doctest::Approx(expected.logits[i]).epsilon(0.01));
  }
  CHECK(found.values[1] == doctest::Approx(expected.values[1]).epsilon(0.01));

  // One after the other as in one batch, on any number of threads.
  PolicyOutput alone;
  policy->evaluate(std::span(envs).subspan(1), alone);
  CHECK(alone.values.front() == found.values[1]);
  tessera::placer::EpisodesOptions episodes;
  episodes.count = 6;
  const auto one = run_episodes(*block->problem, *policy, episodes);
  episodes.threads = 3;
  const auto three = run_episodes(*block->problem, *policy, episodes);
  CHECK(one.proxies == three.proxies);
}

/// Cell (col, row) of maps [M, rows, cols] takes the value of the cell on the other side.
std::vector<float> mirrored(const std::vector<float>& maps, GridShape grid, bool x, bool y) {
  std::vector<float> result(maps.size());
  const int cells = grid.cols * grid.rows;
  for (int i = 0; i < static_cast<int>(maps.size()); ++i) {
    const int col = i % grid.cols;
    const int row = i % cells / grid.cols;
    const int from = (y ? grid.rows - 1 - row : row) * grid.cols + (x ? grid.cols - 1 - col : col);
    result[static_cast<std::size_t>(i)] = maps[static_cast<std::size_t>(i / cells * cells + from)];
  }
  return result;
}

TEST_CASE("Views see the state mirrored and score the cells that they mean") {
  const std::string path = (scratch_dir("inference_views") / "net.safetensors").string();
  saved_network({}, path);
  const auto loaded = load_inference_network(path);
  const CanvasInference network(read_tensor_file(path));
  const auto block = random_block(5, identity(kRandomBlockMacros));
  const tessera::placer::MacroProblem& problem = *block->problem;
  const GridShape grid = problem.canvas().grid;
  MacroEnv env(problem);
  env.step(first_cells(problem, 1).front());
  const MacroEnv* const envs[] = {&env};
  const auto views = loaded->views_for(problem);
  REQUIRE(views.size() == 3);
  const bool flips[3][2] = {{true, false}, {false, true}, {true, true}};
  for (std::size_t view = 0; view < 3; ++view) {
    const bool x = flips[view][0];
    const bool y = flips[view][1];
    const ObservationEncoder encoder(problem);
    const auto vertices = static_cast<std::size_t>(encoder.num_vertices());
    std::vector<float> canvas(tessera::placer::kNumCanvasChannels * grid.num_cells());
    std::vector<float> nodes(vertices * kNodeFeatures);
    std::vector<std::int64_t> cells(vertices);
    std::vector<float> metadata(kMetadataFeatures);
    tessera::placer::CanvasObserver observer(problem);
    const auto step = tessera::gnn::observe_state(observer, env, canvas);
    encoder.write_metadata(&step, metadata.data());
    encoder.write_nodes(env.actions(), grid.cols, nodes.data(), cells.data());
    const double side = problem.canvas().width + problem.canvas().height;
    for (std::size_t v = 0; v < vertices; ++v) {
      float* const position = nodes.data() + v * kNodeFeatures;
      position[0] =
          x ? static_cast<float>(problem.canvas().width / side) - position[0] : position[0];
      position[1] =
          y ? static_cast<float>(problem.canvas().height / side) - position[1] : position[1];
      const auto col = cells[v] % grid.cols;
      const auto row = cells[v] / grid.cols;
      cells[v] = (x ? grid.cols - 1 - col : col) + grid.cols * (y ? grid.rows - 1 - row : row);
    }
    const std::vector<float> seen = mirrored(canvas, grid, x, y);
    std::vector<float> scores(grid.num_cells());
    CanvasInference::Scratch scratch;
    const float value = network.evaluate({encoder.edges().get(),
                                          nodes,
                                          cells,
                                          problem.vertex_of_step(env.actions().size()),
                                          metadata,
                                          seen,
                                          grid},
                                         scratch,
                                         scores);
    PolicyOutput found;
    views[view]->evaluate(envs, found);
    CHECK(found.values.front() == value);
    CHECK(found.logits == mirrored(scores, grid, x, y));
  }
}

TEST_CASE("Networks that need LibTorch are told apart, damaged ones refused") {
  const std::string folder = scratch_dir("inference_errors").string();
  ModelConfig published;
  published.name = tessera::gnn::kCircuitTrainingModel;
  ModelConfig narrow;
  narrow.graph_width = 8;
  for (const ModelConfig& config : {published, narrow}) {
    const std::string path = folder + "/other.safetensors";
    save_checkpoint(make_model_checkpoint(*make_network(config, 1)), path);
    CHECK(load_inference_network(path) == nullptr);
    CHECK_THROWS_AS(CanvasInference(read_tensor_file(path)), std::invalid_argument);
  }

  const std::string path = folder + "/net.safetensors";
  Checkpoint checkpoint = make_model_checkpoint(*make_network({}, 1));
  const torch::Tensor score = checkpoint.tensors.at("model/score.weight");
  checkpoint.tensors.erase("model/score.weight");
  save_checkpoint(checkpoint, path);
  CHECK_THROWS_WITH_AS(load_inference_network(path),
                       doctest::Contains("lacks the tensor \"model/score.weight\""),
                       ParseError);
  checkpoint.tensors["model/score.weight"] = score.flatten();
  save_checkpoint(checkpoint, path);
  CHECK_THROWS_WITH_AS(
      load_inference_network(path), doctest::Contains("another shape"), ParseError);
}

}  // namespace
