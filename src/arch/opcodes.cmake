# SPDX-License-Identifier: GPL-3.0-or-later
# libopcodes is opened at run time by the sonames found here; its headers are
# needed to build. See disassembler.cc.
find_path(OPCODES_INCLUDE dis-asm.h REQUIRED)
find_library(OPCODES_ALL NAMES opcodes-multiarch)
find_library(OPCODES_OWN NAMES opcodes)
set(opcodes_names)
foreach(library IN ITEMS ${OPCODES_ALL} ${OPCODES_OWN})
  if(library MATCHES "\\.so")
    file(REAL_PATH ${library} real)
    get_filename_component(name ${real} NAME)
    list(APPEND opcodes_names "\"${name}\"")
  endif()
endforeach()
if(NOT opcodes_names)
  message(FATAL_ERROR "no shared libopcodes found (binutils-multiarch-dev)")
endif()
list(JOIN opcodes_names "," opcodes_names)

# bfd.h wants to be included by a program that says its name.
set_source_files_properties(disassembler.cc PROPERTIES COMPILE_DEFINITIONS
  "INQUEST_LIBOPCODES=${opcodes_names};PACKAGE=\"inquest\"")
