// The one symbol that libpicabia_pictures.so exports.
#include "studio/pictures/module.h"

extern "C" __attribute__((visibility("default")))
const picabia::studio::pictures::Module picabia_pictures_module;
const picabia::studio::pictures::Module picabia_pictures_module = {
    PICABIA_VERSION, picabia::studio::pictures::Start, picabia::studio::pictures::Accepts,
    picabia::studio::pictures::Decode, picabia::studio::pictures::Encode};
