# SPDX-License-Identifier: GPL-3.0-or-later
# iq_precompile(<target> <first> <header>...)
#
# What most files include takes a third of the time to compile them: it is read
# once, for <first>, and the like. Each file still names all that it uses, since
# clang-tidy reads it without this. Not where g++ optimises: from what was read
# before it also warns of what the library's own headers do.
function(iq_precompile target first)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    return()
  endif()
  target_compile_options(${target}
    PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)  # ccache wants it
  if(target STREQUAL first)
    target_precompile_headers(${target} PRIVATE
      <algorithm> <array> <cstdint> <functional> <map> <memory> <optional>
      <span> <string> <string_view> <vector> <fmt/format.h> ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${first})
  endif()
endfunction()

# iq_join(<target> <file>...)
#
# With INQUEST_JOIN, files of which no two define the same name for themselves
# are compiled as one, in two thirds of the CPU time. A file's own names must
# not be those of our headers either. Found anew whenever cmake runs.
function(iq_join target)
  if(NOT INQUEST_JOIN)
    return()
  endif()
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  execute_process(
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/groups.py ${ARGN}
    WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    OUTPUT_VARIABLE groups OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" groups "${groups}")
  set(number 0)
  foreach(group IN LISTS groups)
    math(EXPR number "${number} + 1")
    string(REPLACE "," ";" files "${group}")
    set_source_files_properties(${files} PROPERTIES UNITY_GROUP ${number})
  endforeach()
  set_target_properties(${target} PROPERTIES
    UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # A name may hide another file's; all names are of included files now.
  target_compile_options(${target}
    PRIVATE -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endfunction()

# iq_layer(<name> SOURCES <file>... [NEEDS <layer>...] [LIBRARIES <target>...])
#
# Each folder under src/ is one layer and one library. NEEDS names the layers
# it may include and link; tools/check_layers.py holds the includes to it.
function(iq_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;NEEDS;LIBRARIES")
  list(TRANSFORM arg_NEEDS PREPEND iq_ OUTPUT_VARIABLE libraries)

  if(arg_SOURCES)
    add_library(iq_${name} STATIC ${arg_SOURCES})
    target_compile_options(iq_${name}
      PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
              # g++ 12 sees overlaps in std::string's operator+ (its bug 105651)
              $<$<CONFIG:Release>:-Wno-restrict>)
    target_include_directories(iq_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(iq_${name}
      PUBLIC ${libraries} fmt::fmt PRIVATE ${arg_LIBRARIES})
    iq_precompile(iq_${name} iq_base)
    iq_join(iq_${name} ${arg_SOURCES})
  else()
    add_library(iq_${name} INTERFACE)
    target_include_directories(iq_${name} INTERFACE ${PROJECT_SOURCE_DIR}/src)
    target_link_libraries(iq_${name} INTERFACE ${libraries} fmt::fmt)
  endif()

  list(JOIN arg_NEEDS " " needs)
  file(APPEND ${PROJECT_BINARY_DIR}/layers.txt "${name}: ${needs}\n")
endfunction()

# iq_unit_tests(<layer> SOURCES <file>... [NEEDS <target>...])
#
# The unit tests of one layer: one executable, one ctest entry per test.
function(iq_unit_tests layer)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;NEEDS")
  add_executable(${layer}_tests ${arg_SOURCES})
  target_compile_options(${layer}_tests PRIVATE -Wall -Wextra)
  target_compile_definitions(${layer}_tests
    PRIVATE INQUEST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_include_directories(${layer}_tests
    PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${layer}_tests
    PRIVATE iq_${layer} ${arg_NEEDS} GTest::gtest_main)
  iq_precompile(${layer}_tests arch_tests <gtest/gtest.h>)
  iq_join(${layer}_tests ${arg_SOURCES})
  gtest_discover_tests(${layer}_tests
    DISCOVERY_TIMEOUT 60 PROPERTIES LABELS unit TIMEOUT 300)
endfunction()
