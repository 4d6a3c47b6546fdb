// Fuzzes the import of ONNX models, by way of format detection.
#include "import_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  picabia::fuzz::CheckImport(data, size, picabia::import::ImportSource);
  return 0;
}
