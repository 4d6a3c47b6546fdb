// Fuzzes the import of TensorFlow graphs.
#include "import_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  picabia::fuzz::CheckImport(data, size, picabia::import::ReadTensorFlow);
  return 0;
}
