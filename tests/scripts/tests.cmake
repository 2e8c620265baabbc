# Tests of scripts, where there is a Python to run them.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_Interpreter_FOUND)
  add_test(NAME check_def
    COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/check_def_test.py)
  add_test(NAME cli_help
    COMMAND Python3::Interpreter -B ${CMAKE_CURRENT_LIST_DIR}/cli_help_test.py
            $<TARGET_FILE:tessera>)
  add_test(NAME cli_docs
    COMMAND Python3::Interpreter -B ${PROJECT_SOURCE_DIR}/scripts/make_cli_docs.py
            $<TARGET_FILE:tessera> --check)
endif()
