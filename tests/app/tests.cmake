tessera_add_test(app
  app/command_line_test.cpp
  app/cost_test.cpp
  app/demonstrate_test.cpp
  app/flat_cost_test.cpp
  app/flat_place_test.cpp
  app/foreign_input_test.cpp
  app/generate_test.cpp
  app/hostile_input_test.cpp
  app/interrupt_test.cpp
  app/lefdef_test.cpp
  app/macro_groups_test.cpp
  app/net_weights_test.cpp
  app/place_test.cpp
  app/pretrain_test.cpp
  app/progress_test.cpp
  app/refine_test.cpp
  app/report_test.cpp
  app/run_tessera.cpp
  app/search_test.cpp
  app/selftest_test.cpp)
target_link_libraries(app_test PRIVATE tessera::placer tessera::cost)
add_dependencies(app_test tessera)
