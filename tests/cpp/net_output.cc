// Writes what a compiled program makes of two pictures in the integer precisions, all bytes of all
// outputs. Programs for different machines must write the same (./dev test-arm).
#include <cstdint>
#include <cstdio>
#include <string>

#include "base/file.h"
#include "runtime/session.h"

namespace picabia {
namespace {

// A picture of smooth waves and noise, 0..255.
Tensor MakePicture(const Shape& shape) {
  Tensor t = *Tensor::Create(DType::kF32, shape);
  uint32_t random = 1;
  for (int64_t i = 0; i < t.num_elements(); ++i) {
    random = random * 1664525 + 1013904223;
    const int64_t wave = (i / 3 % 97) * (i / 700 % 89) % 200;
    t.MutableData<float>()[i] = static_cast<float>(wave + (random >> 24) % 56);
  }
  return t;
}

Status Run(const char* program_path, const char* output_path) {
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(program_path));
  PICABIA_ASSIGN_OR_RETURN(auto read, program::ReadProgram(file->bytes(), file));
  const auto program = std::make_shared<const program::Program>(std::move(read));
  const std::string& name = program->values[static_cast<size_t>(program->inputs[0].value)].name;
  std::string bytes;
  for (const auto precision : {runtime::Precision::kInt8, runtime::Precision::kInt16}) {
    PICABIA_ASSIGN_OR_RETURN(const auto session, runtime::Session::Create(program, {precision, 2}));
    for (const Shape& shape : {Shape{1, 40, 32, 3}, Shape{1, 29, 23, 3}}) {
      PICABIA_ASSIGN_OR_RETURN(const auto outputs, session->Run({{name, MakePicture(shape)}}));
      for (const Tensor& t : outputs)
        bytes.append(reinterpret_cast<const char*>(t.bytes()), t.num_bytes());
    }
    std::printf("%s on %s\n", runtime::PrecisionName(precision), IsaName(session->isa()));
  }
  return WriteFileAtomically(output_path, std::string_view(bytes));
}

}  // namespace
}  // namespace picabia

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: net_output PROGRAM OUT\n");
    return 2;
  }
  const picabia::Status status = picabia::Run(argv[1], argv[2]);
  if (status.ok()) return 0;
  std::fprintf(stderr, "net_output: %s\n", status.message().c_str());
  return 1;
}
