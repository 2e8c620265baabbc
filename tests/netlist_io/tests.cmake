find_package(Protobuf REQUIRED)

# Our own schema, compiled without our warnings: the code is generated.
set(NETLIST_PROTO_DIR ${CMAKE_CURRENT_BINARY_DIR}/netlist_io_proto)
file(MAKE_DIRECTORY ${NETLIST_PROTO_DIR})
add_custom_command(
  OUTPUT ${NETLIST_PROTO_DIR}/graph.pb.cc ${NETLIST_PROTO_DIR}/graph.pb.h
  COMMAND protobuf::protoc --proto_path=${CMAKE_CURRENT_LIST_DIR} --cpp_out=${NETLIST_PROTO_DIR}
          graph.proto
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/graph.proto)
add_library(tessera_test_graph_proto STATIC ${NETLIST_PROTO_DIR}/graph.pb.cc)
target_include_directories(tessera_test_graph_proto SYSTEM PUBLIC ${NETLIST_PROTO_DIR})
target_link_libraries(tessera_test_graph_proto PUBLIC protobuf::libprotobuf)

tessera_add_test(netlist_io
  netlist_io/bookshelf_test.cpp
  netlist_io/def_reader_test.cpp
  netlist_io/def_writer_test.cpp
  netlist_io/design_netlist_test.cpp
  netlist_io/file_test.cpp
  netlist_io/flat_generator_test.cpp
  netlist_io/generator_test.cpp
  netlist_io/lef_reader_test.cpp
  netlist_io/lefdef_support.cpp
  netlist_io/macro_group_file_test.cpp
  netlist_io/malformed_test.cpp
  netlist_io/markup_text_test.cpp
  netlist_io/name_pattern_test.cpp
  netlist_io/net_weights_test.cpp
  netlist_io/netlist_protobuf_test.cpp
  netlist_io/netlist_reader_test.cpp
  netlist_io/netlist_test.cpp
  netlist_io/netlist_writer_test.cpp
  netlist_io/number_range_test.cpp
  netlist_io/orientation_test.cpp
  netlist_io/plc_test.cpp
  netlist_io/rng_test.cpp
  netlist_io/routing_tracks_test.cpp
  netlist_io/sha256_test.cpp
  netlist_io/svg_test.cpp
  netlist_io/tcl_writer_test.cpp)
target_link_libraries(netlist_io_test PRIVATE tessera_test_graph_proto)
