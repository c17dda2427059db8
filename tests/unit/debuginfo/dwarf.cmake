# SPDX-License-Identifier: GPL-3.0-or-later
# One shared library per kind of DWARF; their paths reach the tests as
# DWARF_SAMPLES, "name=path" separated by colons.
set(dwarf_samples)
function(dwarf_sample name)
  add_library(dwarf_sample_${name} SHARED
    ${CMAKE_CURRENT_SOURCE_DIR}/dwarf_sample.c
    ${CMAKE_CURRENT_SOURCE_DIR}/dwarf_sample_other.c)
  # Nothing of the build type or a sanitizer may change what is compiled.
  set_target_properties(dwarf_sample_${name} PROPERTIES
    C_STANDARD 11 COMPILE_WARNING_AS_ERROR OFF)
  target_compile_options(dwarf_sample_${name} PRIVATE
    -g -O1 -w -fno-lto -fno-sanitize=all ${ARGN})
  set(dwarf_samples
    ${dwarf_samples} "${name}=$<TARGET_FILE:dwarf_sample_${name}>" PARENT_SCOPE)
  target_link_options(dwarf_sample_${name} PRIVATE
    -nostdlib -Wl,--build-id=sha1)
  add_dependencies(debuginfo_tests dwarf_sample_${name})
  # For tests/fuzz, which is elsewhere.
  set_property(GLOBAL APPEND PROPERTY INQUEST_DWARF_SAMPLES
    dwarf_sample_${name})
  set_property(GLOBAL APPEND_STRING PROPERTY INQUEST_DWARF_SAMPLE_FILES
    "$<TARGET_FILE:dwarf_sample_${name}>:")
endfunction()

dwarf_sample(v2 -gdwarf-2)
dwarf_sample(v3 -gdwarf-3 -gstrict-dwarf)
dwarf_sample(v4 -gdwarf-4)
dwarf_sample(v4_types -gdwarf-4 -fdebug-types-section)
dwarf_sample(v5 -gdwarf-5)
dwarf_sample(v5_types -gdwarf-5 -fdebug-types-section)
dwarf_sample(v5_64 -gdwarf-5 -gdwarf64)

list(JOIN dwarf_samples ":" dwarf_samples)
target_sources(debuginfo_tests PRIVATE
  cfi_test.cc dwarf_cache_test.cc dwarf_mutation_test.cc dwarf_types_test.cc
  lines_test.cc vmlinux_test.cc)
target_compile_definitions(debuginfo_tests PRIVATE
  DWARF_SAMPLES="${dwarf_samples}")
