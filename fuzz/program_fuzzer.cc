// Fuzzes compiled programs: reading and checking them, and running those that pass, small.
#include "import_fuzzing.h"
#include "run_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace picabia;
  const auto copy = fuzz::ExactCopy(data, size);
  auto program = program::ReadProgram({copy.get(), size}, copy);
  if (!program.ok()) return 0;
  const Status checked = program::CheckProgram(*program);
  if (!checked.ok()) fuzz::Broken("a program was read that breaks a rule", checked.message());
  const auto shared = std::make_shared<const program::Program>(*std::move(program));
  fuzz::RunSmall(shared, runtime::Precision::kFp32);
  fuzz::RunSmall(shared, runtime::Precision::kInt8);
  return 0;
}
