# bang_add_library(NAME SOURCE.mlu... OPTIONS ...): an object library of kernels, compiled by this build's cncc.
function(bang_add_library name)
  cmake_parse_arguments(ARG "" "" "OPTIONS" ${ARGN})
  set(objects)
  foreach(source ${ARG_UNPARSED_ARGUMENTS})
    get_filename_component(path ${source} ABSOLUTE)
    get_filename_component(stem ${source} NAME_WE)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.${stem}.o)
    add_custom_command(OUTPUT ${object}
      COMMAND $<TARGET_FILE:cncc> -c ${ARG_OPTIONS} ${path} -o ${object} -MD -MF ${object}.d -MT ${object}
      DEPENDS ${path} cncc DEPFILE ${object}.d VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  add_library(${name} OBJECT IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES IMPORTED_OBJECTS "${objects}")
  add_custom_target(${name}_objects DEPENDS ${objects})
  add_dependencies(${name} ${name}_objects)
endfunction()
