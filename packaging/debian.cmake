# The Debian package: `cpack -G DEB` in the build folder, or scripts/package.sh.
set(TESSERA_MAINTAINER "Tessera maintainers <maintainers@tessera.example>" CACHE STRING
  "Name and address that the Debian package carries")

# The changelog that packages must have: one entry, dated as the commit.
find_program(GZIP_PROGRAM gzip)
if(GZIP_PROGRAM)
  set(package_date "Thu, 01 Jan 1970 00:00:00 +0000")
  find_package(Git QUIET)
  if(GIT_FOUND)
    execute_process(
      COMMAND ${GIT_EXECUTABLE} -C ${PROJECT_SOURCE_DIR} log -1 --format=%cD
      OUTPUT_VARIABLE commit_date OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(commit_date)
      # Two digits for the day of the month.
      string(REGEX REPLACE "^([A-Za-z]+, )([0-9] )" "\\10\\2" package_date "${commit_date}")
    endif()
  endif()
  set(changelog ${CMAKE_CURRENT_BINARY_DIR}/changelog.Debian)
  configure_file(changelog.in ${changelog} @ONLY)
  execute_process(
    COMMAND ${GZIP_PROGRAM} -9nc ${changelog}
    OUTPUT_FILE ${changelog}.gz COMMAND_ERROR_IS_FATAL ANY)
  install(CODE "
    if(CMAKE_INSTALL_PREFIX MATCHES [[/usr$]])
      file(INSTALL [[${changelog}.gz]] DESTINATION \"\${CMAKE_INSTALL_PREFIX}/share/doc/tessera\")
    endif()")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tessera)
set(CPACK_PACKAGE_CONTACT ${TESSERA_MAINTAINER})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "learning macro placer for chip blocks")
set(CPACK_PACKAGE_DESCRIPTION "\
Tessera decides where the memories and other large blocks of a chip stand on
its floorplan, before the standard cells are placed. A graph neural network,
trained by reinforcement learning, places them one after the other; an
analytic solver and a local search on the exact proxy cost of Circuit
Training follow.

It reads and writes LEF/DEF, Bookshelf, and the netlists and placements of
Circuit Training, and needs neither a GPU nor a network connection.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION electronics)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
if(TARGET tessera_gnn_plugin)
  # LibTorch is content with any BLAS. Its matrix products take 25 times as long with the reference
  # implementation, and the build of OpenBLAS with threads of its own takes cores from LibTorch's.
  set(CPACK_DEBIAN_PACKAGE_DEPENDS libopenblas0-openmp)
endif()
include(CPack)
