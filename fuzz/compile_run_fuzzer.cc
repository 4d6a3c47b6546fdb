// Fuzzes the whole way of a model: import, passes, lowering, a run on a small picture. Small files
// only: what large ones take is the business of the importers' fuzzers.
#include "compile/compile.h"
#include "import/source.h"
#include "import_fuzzing.h"
#include "run_fuzzing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace picabia;
  constexpr size_t kMaxBytes = 8192;
  if (size > kMaxBytes) return 0;
  const auto copy = fuzz::ExactCopy(data, size);
  auto graph = import::ImportSource({{copy.get(), size}, nullptr, "file"});
  if (!graph.ok()) return 0;
  for (const bool optimize : {false, true}) {
    compile::CompileOptions options;
    options.optimize = optimize;
    auto program = compile::CompileGraph(*graph, options);
    if (!program.ok()) continue;
    const auto bytes = program::WriteProgram(*program);
    if (!bytes.ok()) fuzz::Broken("a program cannot be written", bytes.status().message());
    const auto file = fuzz::ExactCopy(bytes->data(), bytes->size());
    const auto again = program::ReadProgram({file.get(), bytes->size()}, file);
    if (!again.ok()) fuzz::Broken("a program cannot be read again", again.status().message());
    const auto shared = std::make_shared<const program::Program>(*std::move(program));
    fuzz::RunSmall(shared, runtime::Precision::kFp32);
    if (optimize) fuzz::RunSmall(shared, runtime::Precision::kInt16);
  }
  return 0;
}
