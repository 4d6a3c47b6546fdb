// Makes seeds for the fuzzer of model edits out of the models of a folder, as bytes and as text,
// and an ini file. Called by tools/fuzz.py.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "proto/text.h"

namespace {

namespace fs = std::filesystem;

constexpr char kIni[] =
    "[preprocess]\nmean = 0.0, 1, 2\nstd = 1.0\ncolor_mode = rgb\ncrop = 256, 256\n"
    "calibration = default_preprocess_cali\n[config]\nactivation_quantization_alg = naive\n"
    "device_mode = clean\nuse_convfirst = False\nquantization_type = int8\ndebug: True ; all\n"
    "weight_quantization_alg = threshold_search\nint_op_list = Conv,\n  FC, LRN\n"
    "channel_quantization = no\n# models\n[model]\noutput_tensor_names = y:0\n"
    "original_models_path = a.pb\nsave_model_path = b.pb\ninput_tensor_names = x:0\n"
    "[data]\nnum_runs = 1\ndata_path = ./list\nbatch_size = 1\n";

void Write(const fs::path& path, char kind, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << kind << bytes;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace picabia::proto;
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s MODELS SEEDS\n", argv[0]);
    return 2;
  }
  constexpr size_t kMaxBytes = 4096;
  const fs::path out = argv[2];
  Write(out / "ini", 'i', kIni);
  for (const auto& entry : fs::directory_iterator(argv[1])) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (bytes.size() > kMaxBytes) continue;
    const std::string name = entry.path().filename().string();
    Write(out / (name + "-p"), 'p', bytes);
    Write(out / (name + "-o"), 'o', bytes);
    for (const auto* type : {&GraphDefType(), &ModelProtoType()}) {
      const auto text = PrintText(bytes, *type, {});
      if (!text.ok() || text->find("picabia_field") != std::string::npos) continue;
      Write(out / (name + "-t"), 't', *text);
    }
  }
  return 0;
}
