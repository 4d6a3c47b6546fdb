# Settings and functions that every CMakeLists.txt of the project uses.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
set(CMAKE_BUILD_RPATH "$ORIGIN/../lib")  # what programs load at run time lies beside their folder
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib")
option(PICABIA_SIMD "build the SIMD kernels, not only the scalar ones" ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)

# -ffp-contract=off: a product and a sum round twice everywhere, so that every instruction set gives the same bits.
add_compile_options(-Wall -Wextra -ffp-contract=off -fno-math-errno)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wno-restrict)  # GCC 12 warns of std::string's own code (its bug 105329)
endif()
add_compile_definitions(PICABIA_VERSION="${PICABIA_VERSION}")
if(PICABIA_SANITIZE)
  add_compile_options(-fsanitize=${PICABIA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PICABIA_SANITIZE})
endif()

# picabia_small(SOURCES...): what is not where the time goes, compiled for size; the bits are the same.
function(picabia_small)
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release>:-Os>)
endfunction()

# picabia_library(NAME SOURCES... DEPS...): the static library picabia_NAME of src/NAME.
function(picabia_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(picabia_${name} STATIC ${ARG_SOURCES})
  target_include_directories(picabia_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(picabia_${name} PUBLIC ${ARG_DEPS})
endfunction()

# picabia_test(NAME SOURCES... DEPS...): a GoogleTest program, one ctest test for each of its cases.
function(picabia_test name)
  if(NOT PICABIA_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
endfunction()
