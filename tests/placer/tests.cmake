tessera_add_test(placer
  placer/force_directed_test.cpp
  placer/grid_selection_test.cpp)
target_link_libraries(placer_test PRIVATE tessera::placer tessera::cost)
