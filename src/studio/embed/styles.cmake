# picabia_embed_styles(TARGET): compiles each styles/*.pb by the compiler just built and puts it,
# with a table of names (src/studio/models.h), into TARGET.

function(picabia_embed_styles target)
  file(GLOB models CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/styles/*.pb)
  list(SORT models)
  set(blobs "")
  set(rows "")
  set(files "")
  foreach(model IN LISTS models)
    get_filename_component(name ${model} NAME_WE)
    string(MAKE_C_IDENTIFIER "${name}" symbol)
    set(file ${CMAKE_CURRENT_BINARY_DIR}/${name}.picabia)
    add_custom_command(
      OUTPUT ${file}
      COMMAND picabia_compile_style ${model} ${file}
      DEPENDS picabia_compile_style ${model}
      COMMENT "Compiling style ${name}"
      VERBATIM)
    list(APPEND files ${file})
    string(APPEND blobs "PICABIA_BLOB(${symbol}, \"${file}\")\n")
    string(APPEND rows "      {\"${name}\", Bytes(picabia_style_${symbol}_begin, picabia_style_${symbol}_end)},\n")
  endforeach()
  set(table ${CMAKE_CURRENT_BINARY_DIR}/styles.cc)
  configure_file(${CMAKE_CURRENT_SOURCE_DIR}/embed/styles.cc.in ${table} @ONLY)
  set_source_files_properties(${table} PROPERTIES OBJECT_DEPENDS "${files}")
  target_sources(${target} PRIVATE ${table})
endfunction()
