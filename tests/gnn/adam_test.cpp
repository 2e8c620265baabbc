#include "gnn/adam.h"

#include "tests/gnn/torch_doctest.h"

#include "gnn/checkpoint.h"
#include "netlist_io/errors.h"

namespace {

using tessera::gnn::Adam;
using tessera::gnn::Checkpoint;
using tessera::netlist_io::ParseError;

/// Two parameters of one number each.
struct TwoNumbers : torch::nn::Module {
  torch::Tensor a = register_parameter("a", torch::tensor({1.0F}));
  torch::Tensor b = register_parameter("b", torch::tensor({2.0F}));
};

void set_gradients(TwoNumbers& module, float a, float b) {
  module.a.mutable_grad() = torch::tensor({a});
  module.b.mutable_grad() = torch::tensor({b});
}

TEST_CASE("The first two steps of Adam are those computed by hand") {
  TwoNumbers module;
  Adam adam(module);
  set_gradients(module, 2.0F, 0.0F);
  adam.step(0.1);
  // Means corrected for their start at 0: mean 2, square 4.
  // 1 - 0.1 * 2 / (sqrt(4) + 1e-5) = 1 - 0.0999995 = 0.9000005
  CHECK(module.a.item<double>() == doctest::Approx(0.9000005).epsilon(1e-6));
  CHECK(module.b.item<double>() == 2.0);
  set_gradients(module, -1.0F, 0.0F);
  adam.step(0.1);
  // mean: (0.9 * 0.2 - 0.1) / (1 - 0.81) = 0.08 / 0.19 = 0.421053
  // square: (0.999 * 0.004 + 0.001) / (1 - 0.998001) = 0.004996 / 0.001999 = 2.499250
  // 0.9000005 - 0.1 * 0.421053 / (1.580902 + 1e-5) = 0.9000005 - 0.0266335 = 0.8733670
  CHECK(module.a.item<double>() == doctest::Approx(0.8733670).epsilon(1e-6));
}

TEST_CASE("Gradients are scaled down to the norm asked for, and only down") {
  TwoNumbers module;
  Adam adam(module);
  set_gradients(module, 3.0F, -4.0F);  // norm 5
  CHECK(adam.clip_gradients(10.0) == doctest::Approx(5.0));
  CHECK(module.a.grad().item<float>() == 3.0F);
  CHECK(adam.clip_gradients(1.0) == doctest::Approx(5.0));
  CHECK(module.a.grad().item<double>() == doctest::Approx(0.6));
  CHECK(module.b.grad().item<double>() == doctest::Approx(-0.8));
}

TEST_CASE("Adam goes on from a stored state as if it had never stopped") {
  TwoNumbers straight;
  Adam straight_adam(straight);
  TwoNumbers halted;
  Checkpoint checkpoint;
  {
    Adam adam(halted);
    for (TwoNumbers* const module : {&straight, &halted}) {
      set_gradients(*module, 0.3F, -0.7F);
    }
    straight_adam.step(0.05);
    adam.step(0.05);
    adam.store(checkpoint);
  }
  Adam adam(halted);
  adam.load(checkpoint, "memory");
  for (TwoNumbers* const module : {&straight, &halted}) {
    set_gradients(*module, -0.2F, 0.9F);
  }
  straight_adam.step(0.05);
  adam.step(0.05);
  CHECK(torch::equal(straight.a, halted.a));
  CHECK(torch::equal(straight.b, halted.b));
}

TEST_CASE("A checkpoint without a fitting optimiser state is refused") {
  TwoNumbers module;
  Adam adam(module);
  Checkpoint checkpoint;
  CHECK_THROWS_WITH_AS(
      adam.load(checkpoint, "weights"), doctest::Contains("adam/steps"), ParseError);
  adam.store(checkpoint);
  checkpoint.tensors["adam/mean/b"] = torch::zeros({2});
  CHECK_THROWS_WITH_AS(
      adam.load(checkpoint, "weights"), doctest::Contains("adam/mean/b"), ParseError);
}

}  // namespace
