# The page of reports in a browser, where there is one. It takes the Python of the system, which is
# where Debian puts Selenium.
find_program(TESSERA_SYSTEM_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)
if(TESSERA_SYSTEM_PYTHON)
  add_test(NAME browser
    COMMAND ${TESSERA_SYSTEM_PYTHON} -B ${CMAKE_CURRENT_LIST_DIR}/report_test.py
            $<TARGET_FILE:tessera> ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_BINARY_DIR}/browser)
endif()
