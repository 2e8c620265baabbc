#include "gnn/row_sum.h"

#include <cstdint>

#include "tests/gnn/torch_doctest.h"

#include "gnn/device.h"
#include "netlist_io/errors.h"

namespace {

using tessera::gnn::device_named;
using tessera::gnn::row_sum;
using tessera::netlist_io::OptionError;
using tessera::testing::max_difference;
using torch::Tensor;

TEST_CASE("Rows are summed as computed by hand") {
  const Tensor source = torch::tensor({1.0F, 2.0F, 10.0F, 20.0F, 100.0F, 200.0F}).view({3, 2});
  const Tensor index = torch::tensor({std::int64_t{3}, std::int64_t{0}, std::int64_t{3}});
  // Row 0: the second; row 3: the first and the third, 1 + 100 and 2 + 200; none in 1 and 2.
  const Tensor expected =
      torch::tensor({10.0F, 20.0F, 0.0F, 0.0F, 0.0F, 0.0F, 101.0F, 202.0F}).view({4, 2});
  CHECK(torch::equal(row_sum(source, index, 4), expected));
}

TEST_CASE("Sums of rows and their gradients are those of index_add") {
  torch::manual_seed(1);
  const Tensor index = torch::randint(0, 7, {40}, torch::kInt64);
  const Tensor weight = torch::rand({7, 5});
  Tensor source = torch::rand({40, 5});
  SUBCASE("contiguous") {}
  SUBCASE("transposed") {
    source = torch::rand({5, 40}).t();
  }
  const Tensor own = source.clone(torch::MemoryFormat::Preserve).requires_grad_();
  const Tensor other = source.clone(torch::MemoryFormat::Preserve).requires_grad_();
  const Tensor sums = row_sum(own, index, 7);
  const Tensor expected = torch::zeros({7, 5}).index_add(0, index, other);
  CHECK(max_difference(sums, expected) < 1e-5);
  (sums * weight).sum().backward();
  (expected * weight).sum().backward();
  CHECK(torch::equal(own.grad(), other.grad()));
  CHECK(own.grad().abs().max().item<double>() > 0.0);
}

TEST_CASE("A gradient that is one number for all rows is read as such") {
  const Tensor source = torch::ones({3, 2}).requires_grad_();
  const Tensor index = torch::tensor({std::int64_t{1}, std::int64_t{1}, std::int64_t{0}});
  row_sum(source, index, 2).sum().backward();  // expanded, not stored row by row
  CHECK(torch::equal(source.grad(), torch::ones({3, 2})));
}

TEST_CASE("Other types of numbers are summed, too") {
  const Tensor source = torch::rand({6, 3}, torch::kFloat64);
  const Tensor index = torch::zeros({6}, torch::kInt64);
  const Tensor sums = row_sum(source, index, 2);
  CHECK(sums.dtype() == torch::kFloat64);
  CHECK(max_difference(sums[0], source.sum(0)) < 1e-12);
}

TEST_CASE("The sum of no rows is zero") {
  const Tensor source = torch::empty({0, 3}).requires_grad_();
  const Tensor sums = row_sum(source, torch::empty({0}, torch::kInt64), 2);
  CHECK(torch::equal(sums, torch::zeros({2, 3})));
  sums.sum().backward();
  CHECK(source.grad().sizes() == at::IntArrayRef({0, 3}));
}

TEST_CASE("Shapes that do not fit are refused") {
  const Tensor index = torch::zeros({2}, torch::kInt64);
  CHECK_THROWS_AS(row_sum(torch::ones({3, 2}), index, 4), c10::Error);
  CHECK_THROWS_AS(row_sum(torch::ones({2}), index, 4), c10::Error);
}

TEST_CASE("Devices go by their names") {
  CHECK(device_named("cpu").is_cpu());
  CHECK_THROWS_WITH_AS(device_named("tpu"), doctest::Contains("tpu"), OptionError);
  if (torch::cuda::is_available()) {
    CHECK(device_named("cuda").is_cuda());
  } else {
    CHECK_THROWS_WITH_AS(device_named("cuda"), doctest::Contains("CUDA"), OptionError);
  }
}

}  // namespace
