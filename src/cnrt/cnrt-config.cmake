# find_package(cnrt): the target cnrt::cnrt, and the variables that projects written for Neuware use.
# In share/, where CMake looks on every system; lib64/ it does not search on Debian.
get_filename_component(_cnrt_root "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(CNRT_INCLUDE_DIR "${_cnrt_root}/include")
set(CNRT_INCLUDE_DIRS "${CNRT_INCLUDE_DIR}")
set(CNRT_LIBRARY "${_cnrt_root}/lib64/libcnrt.so")
set(CNRT_LIBRARIES "${CNRT_LIBRARY}")
set(cnrt_INCLUDE_DIRS "${CNRT_INCLUDE_DIRS}")
set(cnrt_LIBRARIES "${CNRT_LIBRARIES}")
if(NOT TARGET cnrt::cnrt)
  add_library(cnrt::cnrt SHARED IMPORTED)
  set_target_properties(cnrt::cnrt PROPERTIES
    IMPORTED_LOCATION "${CNRT_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${CNRT_INCLUDE_DIR}")
endif()
