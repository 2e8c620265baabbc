tessera_add_test(fuzz
  fuzz/regression_test.cpp
  fuzz/targets.cpp)
target_link_libraries(fuzz_test PRIVATE tessera::app)
