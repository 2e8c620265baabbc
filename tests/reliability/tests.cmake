tessera_add_test(reliability
  reliability/memory_test.cpp)
target_link_libraries(reliability_test PRIVATE
  tessera::inference tessera::placer tessera::cost tessera::netlist_io)
set_tests_properties(reliability PROPERTIES
  ENVIRONMENT "GOMP_SPINCOUNT=500;GLIBC_TUNABLES=glibc.malloc.tcache_count=0")
