# Tests of scripts, where there is a Python to run them.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_Interpreter_FOUND)
  add_test(NAME check_def
    COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/check_def_test.py)
  add_test(NAME fetch_benchmarks
    COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/fetch_benchmarks_test.py
            ${PROJECT_SOURCE_DIR})
  add_test(NAME check_tutorial
    COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/check_tutorial_test.py)
  # The commands of the tutorial itself.
  add_test(NAME tutorial
    COMMAND Python3::Interpreter -B ${PROJECT_SOURCE_DIR}/scripts/check_tutorial.py
            $<TARGET_FILE:tessera> ${PROJECT_SOURCE_DIR}/docs/tutorial.md)
  add_test(NAME cli_help
    COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/cli_help_test.py
            $<TARGET_FILE:tessera>)
  add_test(NAME cli_docs
    COMMAND Python3::Interpreter -B ${PROJECT_SOURCE_DIR}/scripts/make_cli_docs.py
            $<TARGET_FILE:tessera> --check)
endif()
