#include "gnn/model_file.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/gnn/episode_states.h"
#include "tests/gnn/small_block.h"
#include "tests/gnn/torch_doctest.h"
#include "tests/support/test_support.h"

#include "netlist_io/errors.h"

namespace {

using tessera::gnn::Checkpoint;
using tessera::gnn::encode;
using tessera::gnn::kCanvasModel;
using tessera::gnn::kCircuitTrainingModel;
using tessera::gnn::kModelConfigKey;
using tessera::gnn::load_checkpoint;
using tessera::gnn::load_model;
using tessera::gnn::make_model_checkpoint;
using tessera::gnn::make_network;
using tessera::gnn::ModelConfig;
using tessera::gnn::PolicyNet;
using tessera::gnn::PolicyValue;
using tessera::gnn::StateBatch;
using tessera::netlist_io::ParseError;
using tessera::testing::EpisodeStates;
using tessera::testing::first_cells;
using tessera::testing::scratch_dir;
using tessera::testing::toy_block;

ModelConfig named(const char* name) {
  ModelConfig config;
  config.name = name;
  return config;
}

/// Unlike the default in every field.
ModelConfig unusual_config() {
  ModelConfig config;
  config.graph_width = 8;
  config.graph_layers = 2;
  config.canvas_width = 10;
  config.canvas_layers = 1;
  config.scatter_width = 3;
  config.delta_maps = false;
  return config;
}

TEST_CASE("A network read from its file gives the same outputs bit for bit") {
  ModelConfig config;
  SUBCASE("published network") {
    config = named(kCircuitTrainingModel);
  }
  SUBCASE("canvas network") {}
  SUBCASE("canvas network of another shape") {
    config = unusual_config();
  }
  const std::string path = (scratch_dir("model") / "net.safetensors").string();
  const std::shared_ptr<PolicyNet> net = make_network(config, 7);
  save_checkpoint(make_model_checkpoint(*net), path);
  torch::manual_seed(8);
  const std::shared_ptr<PolicyNet> read = load_model(load_checkpoint(path), path);
  CHECK(read->config().name == config.name);

  const auto block = toy_block();
  const EpisodeStates states(*block->problem, first_cells(*block->problem, 2));
  const StateBatch batch = encode(states.all_seen());
  const torch::NoGradGuard no_grad;
  const PolicyValue expected = net->forward(batch);
  const PolicyValue result = read->forward(batch);
  CHECK(torch::equal(result.logits, expected.logits));
  CHECK(torch::equal(result.value, expected.value));
}

TEST_CASE("A checkpoint tells the shape of its network") {
  const std::shared_ptr<PolicyNet> net = make_network(unusual_config(), 1);
  const ModelConfig read =
      tessera::gnn::read_model_config(make_model_checkpoint(*net).metadata, "file");
  CHECK(read.name == kCanvasModel);
  CHECK(read.graph_width == 8);
  CHECK(read.graph_layers == 2);
  CHECK(read.canvas_width == 10);
  CHECK(read.canvas_layers == 1);
  CHECK(read.scatter_width == 3);
  CHECK_FALSE(read.delta_maps);
}

TEST_CASE("The seed decides the weights of an untrained network") {
  for (const char* const name : {kCircuitTrainingModel, kCanvasModel}) {
    CAPTURE(name);
    const std::string last = name == kCanvasModel ? "query.weight" : "policy.weight";
    const auto weight = [&](std::uint64_t seed) {
      return make_network(named(name), seed)->named_parameters()[last];
    };
    CHECK(torch::equal(weight(3), weight(3)));
    CHECK_FALSE(torch::equal(weight(3), weight(4)));
  }
}

TEST_CASE("Layers of one shape start from different weights") {
  const auto published = make_network(named(kCircuitTrainingModel), 3)->named_parameters();
  CHECK_FALSE(torch::equal(published["edge.0.weight"], published["edge.1.weight"]));
  CHECK_FALSE(torch::equal(published["query.weight"], published["key.weight"]));
  const auto canvas = make_network(named(kCanvasModel), 3)->named_parameters();
  CHECK_FALSE(torch::equal(canvas["edge.0.weight"], canvas["edge.1.weight"]));
  CHECK_FALSE(torch::equal(canvas["canvas.0.weight"], canvas["canvas.1.weight"]));
}

TEST_CASE("A file that is not this model is refused") {
  Checkpoint checkpoint = make_model_checkpoint(*make_network(named(kCircuitTrainingModel), 1));
  std::string message;
  SUBCASE("newer format") {
    checkpoint.metadata[tessera::gnn::kFormatKey] = "2";
    message = "tessera_format 2, expected 1";
  }
  SUBCASE("no format") {
    checkpoint.metadata.erase(tessera::gnn::kFormatKey);
    message = "tessera_format absent, expected 1";
  }
  SUBCASE("other model") {
    checkpoint.metadata[tessera::gnn::kModelKey] = "other";
    message = "model other, expected canvas or circuit-training";
  }
  SUBCASE("tensor missing") {
    checkpoint.tensors.erase("model/query.weight");
    message = "lacks the tensor \"model/query.weight\"";
  }
  SUBCASE("tensor of another shape") {
    checkpoint.tensors["model/query.weight"] = torch::zeros({8, 9});
    message = "\"model/query.weight\" has another shape";
  }
  SUBCASE("tensor of another type") {
    checkpoint.tensors["model/query.bias"] = torch::zeros({8}, torch::kInt64);
    message = "\"model/query.bias\" has another";
  }
  const auto load = [&] { load_model(checkpoint, "file"); };
  CHECK_THROWS_WITH_AS(load(), doctest::Contains(message.c_str()), ParseError);
}

TEST_CASE("A canvas network whose shape is damaged is refused") {
  Checkpoint checkpoint = make_model_checkpoint(*make_network(ModelConfig(), 1));
  std::string& config = checkpoint.metadata[kModelConfigKey];
  const auto replace = [&config](const std::string& from, const std::string& to) {
    const std::size_t at = config.find(from);
    REQUIRE(at != std::string::npos);
    config.replace(at, from.size(), to);
  };
  std::string message = "does not say what shape its network has";
  SUBCASE("absent") {
    checkpoint.metadata.erase(kModelConfigKey);
  }
  SUBCASE("cut off") {
    config.pop_back();
  }
  SUBCASE("field missing") {
    replace("graph_width", "graph_height");
  }
  SUBCASE("field of another type") {
    replace("\"delta_maps\":true", "\"delta_maps\":[]");
  }
  SUBCASE("out of range") {
    replace("\"graph_layers\":3", "\"graph_layers\":-3");
    message = "graph_layers is out of range";
  }
  SUBCASE("huge") {
    replace("\"canvas_width\":16", "\"canvas_width\":1000000000000");
    message = "canvas_width is out of range";
  }
  SUBCASE("beyond all whole numbers") {
    replace("\"canvas_width\":16", "\"canvas_width\":1e300");
    message = "canvas_width is no whole number";
  }
  SUBCASE("not the shape of the tensors") {
    replace("\"canvas_width\":16", "\"canvas_width\":12");
    message = "has another shape";
  }
  SUBCASE("more layers than tensors") {
    replace("\"canvas_layers\":3", "\"canvas_layers\":4");
    message = "lacks the tensor \"model/canvas.3.weight\"";
  }
  const auto load = [&] { load_model(checkpoint, "file"); };
  CHECK_THROWS_WITH_AS(load(), doctest::Contains(message.c_str()), ParseError);
}

}  // namespace
