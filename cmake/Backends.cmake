# SPDX-License-Identifier: BSD-2-Clause
# nvm_registry / nvm_backend / nvm_registry_end: compiles the folders of a list of backends and generates its registry.

# Begins a registry: library TARGET will hold the function SYMBOL (declared in backends/registry.hpp or by the caller).
function(nvm_registry target)
  cmake_parse_arguments(ARG "" "SYMBOL" "" ${ARGN})
  add_library(${target} STATIC)
  target_link_libraries(${target} PUBLIC lightnvm_core)
  set(nvm_registry_target ${target} PARENT_SCOPE)
  set(nvm_registry_symbol ${ARG_SYMBOL} PARENT_SCOPE)
  set(nvm_registry_rows "" PARENT_SCOPE)
  set(nvm_registry_externs "" PARENT_SCOPE)
endfunction()

# nvm_backend(<folder> ID <id> [LIBRARIES <target>...] [REQUIRES <target>...] [ABSENT <reason>])
# The folder's *.cpp are compiled and its lightnvm::backends::<folder>::descriptor is listed. With ABSENT, or when a
# target of REQUIRES does not exist, the entry carries the reason instead and nothing is compiled.
function(nvm_backend name)
  cmake_parse_arguments(ARG "" "ID;ABSENT" "LIBRARIES;REQUIRES" ${ARGN})
  set(absent "${ARG_ABSENT}")
  foreach(required IN LISTS ARG_REQUIRES)
    if(NOT TARGET ${required})
      set(absent "not built, needs ${required}")
    endif()
  endforeach()
  if(absent)
    string(APPEND nvm_registry_rows "    {\"${name}\", ${ARG_ID}, nullptr, \"${absent}\"},\n")
  else()
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
    target_sources(${nvm_registry_target} PRIVATE ${sources})
    target_link_libraries(${nvm_registry_target} PUBLIC ${ARG_LIBRARIES} ${ARG_REQUIRES})
    string(APPEND nvm_registry_externs "namespace ${name} { extern const Descriptor descriptor; }\n")
    string(APPEND nvm_registry_rows "    {\"${name}\", ${ARG_ID}, &${name}::descriptor, {}},\n")
  endif()
  set(nvm_registry_rows "${nvm_registry_rows}" PARENT_SCOPE)
  set(nvm_registry_externs "${nvm_registry_externs}" PARENT_SCOPE)
endfunction()

macro(nvm_registry_end)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/registry.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/${nvm_registry_symbol}.cpp @ONLY)
  target_sources(${nvm_registry_target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${nvm_registry_symbol}.cpp)
endmacro()
