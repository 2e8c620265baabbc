tessera_add_test(cost
  cost/circuit_builder.cpp
  cost/clustered_blocks_test.cpp
  cost/congestion_test.cpp
  cost/cost_options_test.cpp
  cost/density_test.cpp
  cost/golden_cost.cpp
  cost/macro_tiles_test.cpp
  cost/original_binary_test.cpp
  cost/proxy_cost_test.cpp
  cost/random_circuits_test.cpp
  cost/reference_cost.cpp
  cost/top_mean_test.cpp
  cost/unit_blocks_test.cpp
  cost/wirelength_test.cpp
  cost/worked_examples_test.cpp)
target_link_libraries(cost_test PRIVATE tessera::cost tessera::placer)
