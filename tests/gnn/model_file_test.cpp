#include "gnn/model_file.h"

#include <span>
#include <string>
#include <vector>

#include "tests/gnn/small_block.h"
#include "tests/gnn/torch_doctest.h"
#include "tests/support/test_support.h"

#include "gnn/observation_encoder.h"
#include "netlist_io/errors.h"

namespace {

using tessera::gnn::Checkpoint;
using tessera::gnn::CircuitTrainingNet;
using tessera::gnn::GraphBatch;
using tessera::gnn::load_checkpoint;
using tessera::gnn::load_model;
using tessera::gnn::make_model_checkpoint;
using tessera::gnn::make_untrained_network;
using tessera::gnn::ObservationEncoder;
using tessera::gnn::PolicyValue;
using tessera::netlist_io::ParseError;
using tessera::placer::CellIndex;
using tessera::testing::scratch_dir;
using tessera::testing::toy_block;

TEST_CASE("A network read from its file gives the same outputs bit for bit") {
  const std::string path = (scratch_dir("model") / "net.safetensors").string();
  CircuitTrainingNet net = make_untrained_network(7);
  save_checkpoint(make_model_checkpoint(net), path);
  CircuitTrainingNet read = make_untrained_network(8);
  load_model(load_checkpoint(path), path, read);

  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  const std::vector<CellIndex> actions = {5};
  const std::vector<std::span<const CellIndex>> states = {std::span(actions).first(0), actions};
  const GraphBatch batch = encoder.encode(states);
  const torch::NoGradGuard no_grad;
  const PolicyValue expected = net->forward(batch);
  const PolicyValue result = read->forward(batch);
  CHECK(torch::equal(result.logits, expected.logits));
  CHECK(torch::equal(result.value, expected.value));
}

TEST_CASE("The seed decides the weights of an untrained network") {
  const CircuitTrainingNet net = make_untrained_network(3);
  const CircuitTrainingNet same = make_untrained_network(3);
  const CircuitTrainingNet other = make_untrained_network(4);
  const auto weight = [](const CircuitTrainingNet& of) {
    return of->named_parameters()["policy.weight"];
  };
  CHECK(torch::equal(weight(net), weight(same)));
  CHECK_FALSE(torch::equal(weight(net), weight(other)));
}

TEST_CASE("Layers of one shape start from different weights") {
  const CircuitTrainingNet net = make_untrained_network(3);
  const auto parameters = net->named_parameters();
  CHECK_FALSE(torch::equal(parameters["edge.0.weight"], parameters["edge.1.weight"]));
  CHECK_FALSE(torch::equal(parameters["query.weight"], parameters["key.weight"]));
}

TEST_CASE("A file that is not this model is refused") {
  CircuitTrainingNet net = make_untrained_network(1);
  Checkpoint checkpoint = make_model_checkpoint(net);
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
    message = "model other, expected circuit-training";
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
  const auto load = [&] { load_model(checkpoint, "file", net); };
  CHECK_THROWS_WITH_AS(load(), doctest::Contains(message.c_str()), ParseError);
}

}  // namespace
