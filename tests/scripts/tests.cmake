# Tests of scripts, where there is a Python to run them.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_Interpreter_FOUND)
  add_test(NAME check_def
    COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/check_def_test.py)
  add_test(NAME fetch_benchmarks
    COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/fetch_benchmarks_test.py
            ${PROJECT_SOURCE_DIR})
endif()
