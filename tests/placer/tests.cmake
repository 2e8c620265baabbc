tessera_add_test(placer
  placer/decoding_test.cpp
  placer/episodes_test.cpp
  placer/force_directed_test.cpp
  placer/gradient_placer_test.cpp
  placer/grid_legality_test.cpp
  placer/grid_selection_test.cpp
  placer/legality_test.cpp
  placer/local_search_test.cpp
  placer/placement_search_test.cpp
  placer/macro_env_test.cpp
  placer/macro_graph_test.cpp
  placer/macro_order_test.cpp
  placer/macro_problem_test.cpp
  placer/macro_space_test.cpp
  placer/quadratic_placer_test.cpp
  placer/smooth_proxy_test.cpp)
target_link_libraries(placer_test PRIVATE tessera::placer tessera::cost)
