// One picture through one network; see stylizer.h.
#include "apps/cli/stylizer.h"

#include <chrono>
#include <utility>

#include "apps/cli/picture_tensor.h"

namespace picabia::cli {
namespace {

Status CheckInterface(const program::Program& program) {
  if (program.inputs.size() == 1 && program.outputs.size() == 1) return OkStatus();
  std::string names;
  for (const program::Port& port : program.inputs) {
    const auto value = static_cast<size_t>(port.value);
    names += (names.empty() ? "" : ", ") + program.values[value].name;
  }
  return Unsupported("the model has " + std::to_string(program.inputs.size()) + " inputs (" +
                     names + ") and " + std::to_string(program.outputs.size()) +
                     " outputs, expected one picture in and one out (picabia run feeds any model)");
}

// Every sample repeated `factor` times to the right and downwards.
std::vector<uint8_t> Enlarged(const std::vector<uint8_t>& samples, int64_t width, int64_t factor) {
  if (factor == 1 || samples.empty()) return samples;
  std::vector<uint8_t> large;
  large.reserve(samples.size() * static_cast<size_t>(factor * factor));
  const int64_t height = static_cast<int64_t>(samples.size()) / width;
  for (int64_t y = 0; y < height * factor; ++y) {
    for (int64_t x = 0; x < width * factor; ++x) {
      large.push_back(samples[static_cast<size_t>(y / factor * width + x / factor)]);
    }
  }
  return large;
}

}  // namespace

Result<Stylizer> Stylizer::Create(ProgramPointer program, const runtime::SessionOptions& options) {
  PICABIA_RETURN_IF_ERROR(CheckInterface(*program));
  const PictureConvention convention = program->picture;
  const SizeRule rule = SizeRuleOf(*program);
  PICABIA_ASSIGN_OR_RETURN(auto session, runtime::Session::Create(std::move(program), options));
  return Stylizer(std::move(session), convention, rule);
}

Result<Picture> Stylizer::Run(const Picture& picture) {
  const int64_t height = PaddedSize(picture.height, rule_);
  const int64_t width = PaddedSize(picture.width, rule_);
  PICABIA_ASSIGN_OR_RETURN(Tensor input, PictureToTensor(picture, convention_, 3, height, width));
  const program::Program& program = session_->program();
  const auto& name = program.values[static_cast<size_t>(program.inputs[0].value)].name;

  const auto start = std::chrono::steady_clock::now();
  PICABIA_ASSIGN_OR_RETURN(const auto outputs, session_->Run({{name, std::move(input)}}));
  ms_ = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();

  PICABIA_ASSIGN_OR_RETURN(const PictureExtent extent, ExtentOf(outputs[0], convention_));
  const int64_t factor = std::max<int64_t>(1, extent.height / height);
  PICABIA_ASSIGN_OR_RETURN(
      Picture result,
      TensorToPicture(outputs[0], convention_, picture.height * factor, picture.width * factor));
  result.alpha = Enlarged(picture.alpha, picture.width, factor);
  result.metadata = picture.metadata;
  return result;
}

}  // namespace picabia::cli
