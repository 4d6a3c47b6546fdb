// The one symbol that libpicabia_pictures.so exports.
#include "apps/cli/pictures/module.h"

extern "C" __attribute__((visibility("default")))
const picabia::cli::pictures::Module picabia_pictures_module;
const picabia::cli::pictures::Module picabia_pictures_module = {
    PICABIA_VERSION, picabia::cli::pictures::Start, picabia::cli::pictures::Accepts,
    picabia::cli::pictures::Decode, picabia::cli::pictures::Encode};
