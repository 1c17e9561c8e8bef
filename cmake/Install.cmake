# SPDX-License-Identifier: BSD-2-Clause
# What is installed, in the components lib, dev and tools; how CMake and pkg-config find it; the Debian packages.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/lightnvm)
set(generated ${PROJECT_BINARY_DIR}/install)

# Libraries. Who wants the shared one alone needs nothing else to be there: the static ones are a set of their own.
set_target_properties(lightnvm_shared PROPERTIES EXPORT_NAME lightnvm)
set_target_properties(lightnvm_cli PROPERTIES EXPORT_NAME cli)
set_target_properties(lightnvm_cpp PROPERTIES EXPORT_NAME cpp)
install(TARGETS lightnvm_shared EXPORT lightnvm-shared
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT lib NAMELINK_COMPONENT dev
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS lightnvm_cli EXPORT lightnvm-shared
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS lightnvm_static lightnvm_cpp EXPORT lightnvm-static
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev
  FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")

# The CMake package.
foreach(set shared static)
  install(EXPORT lightnvm-${set} FILE lightnvm-${set}.cmake NAMESPACE lightnvm:: DESTINATION ${package_dir} COMPONENT dev)
endforeach()
# What archives of C++ need where the compiler of C links.
set(runtime ${CMAKE_CXX_IMPLICIT_LINK_LIBRARIES})
list(FILTER runtime INCLUDE REGEX "^(stdc\\+\\+|c\\+\\+|c\\+\\+abi|m)$")
list(REMOVE_DUPLICATES runtime)
configure_package_config_file(cmake/lightnvm-config.cmake.in ${generated}/lightnvm-config.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
# Below 1.0 a minor version may change what programs see.
write_basic_package_version_file(${generated}/lightnvm-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${generated}/lightnvm-config.cmake ${generated}/lightnvm-config-version.cmake
  DESTINATION ${package_dir} COMPONENT dev)

# pkg-config: what is inside of the archives is not named, what they link is.
set(pc_requires "")
set(pc_libs ${runtime})
list(TRANSFORM pc_libs PREPEND "-l")
nvm_parts(parts outside lightnvm_capi)
foreach(library IN LISTS outside)
  if(library STREQUAL "fmt::fmt")
    list(APPEND pc_requires fmt)
  elseif(library STREQUAL "Threads::Threads")
    list(APPEND pc_libs -pthread)
  else()
    message(FATAL_ERROR "${library}: say here, and in lightnvm-config.cmake.in, how programs find it")
  endif()
endforeach()
list(JOIN pc_requires ", " pc_requires)
list(JOIN pc_libs " " pc_libs)
list(JOIN runtime " -l" pc_runtime)
# Relative to where the file lies: an installed tree may be moved.
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_prefix "${pc_prefix}")
foreach(name liblightnvm liblightnvm_cli)
  configure_file(cmake/${name}.pc.in ${generated}/${name}.pc @ONLY)
  install(FILES ${generated}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endforeach()

# Tools, and what is read and typed with them.
set(tools_need "")
if(LIGHTNVM_TOOLS)
  get_property(tools DIRECTORY tools PROPERTY BUILDSYSTEM_TARGETS)
  list(FILTER tools INCLUDE REGEX "^nvm_")
  foreach(tool IN LISTS tools)
    get_target_property(below ${tool} LINK_LIBRARIES)
    nvm_parts(parts outside ${below})
    if("lightnvm_shared" IN_LIST outside)
      set(tools_need "liblightnvm${PROJECT_VERSION_MAJOR} (= ${PROJECT_VERSION})")
      # The system's own folders need no hint.
      if(NOT CMAKE_INSTALL_PREFIX MATCHES "^/usr/?$")
        file(RELATIVE_PATH libraries /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
        set_target_properties(${tool} PROPERTIES INSTALL_RPATH "$ORIGIN/${libraries}")
      endif()
    endif()
  endforeach()
  install(TARGETS ${tools} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
  file(GLOB manuals CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.1)
  if(manuals)
    install(FILES ${manuals} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
  endif()
  file(GLOB completions CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/completions/*)
  if(completions)
    install(FILES ${completions} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT tools)
  endif()
endif()

# Documents.
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/*.md ${PROJECT_SOURCE_DIR}/docs/*.svg)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT dev)
install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs COMPONENT dev)

if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

# Debian packages: one for each component.
set(package_lib liblightnvm${PROJECT_VERSION_MAJOR})
set(package_dev liblightnvm-dev)
set(package_tools liblightnvm-tools)
foreach(component lib dev tools)
  # Debian looks for the licence below the package's name; outside of a package one is enough.
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package_${component}} RENAME copyright
    COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()
find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)
mark_as_advanced(DPKG_SHLIBDEPS)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME liblightnvm)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The liblightnvm authors <liblightnvm@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "User-space I/O for Open-Channel SSDs")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL lib dev)
if(LIGHTNVM_TOOLS)
  list(APPEND CPACK_COMPONENTS_ALL tools)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
if(DPKG_SHLIBDEPS)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY =)
endif()
set(CPACK_DEBIAN_LIB_PACKAGE_NAME ${package_lib})
set(CPACK_DEBIAN_LIB_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEV_PACKAGE_NAME ${package_dev})
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "${package_lib} (= ${PROJECT_VERSION}), libfmt-dev")
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME ${package_tools})
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "${tools_need}")
set(CPACK_COMPONENT_LIB_DESCRIPTION "User-space I/O for Open-Channel SSDs: the shared library of the C API.")
set(CPACK_COMPONENT_DEV_DESCRIPTION
  "User-space I/O for Open-Channel SSDs: headers of the C and the C++ API, static libraries, CMake package, pkg-config.")
set(CPACK_COMPONENT_TOOLS_DESCRIPTION
  "User-space I/O for Open-Channel SSDs: tools for devices, and for emulated ones in files.")
include(CPack)
