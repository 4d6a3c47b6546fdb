// One picture through one network; see stylizer.h.
#include "studio/stylizer.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <optional>
#include <utility>

#include "studio/allowed_sizes.h"
#include "studio/picture_tensor.h"
#include "studio/set_inputs.h"

namespace picabia::studio {
namespace {

// The first input without a feed that may be a picture; one of unknown shape only where none is
// known to be one.
std::optional<InputInfo> FindPictureInput(const program::Program& program,
                                          const std::vector<runtime::Feed>& feeds) {
  std::optional<InputInfo> unknown;
  for (const InputInfo& input : InputsOf(program)) {
    const bool fed = std::any_of(feeds.begin(), feeds.end(), [&](const runtime::Feed& feed) {
      return TensorName(feed.name) == TensorName(input.name);
    });
    if (fed) continue;
    if (IsPictureInput(input)) return input;
    const bool may_be = !input.declared || *input.declared == Shape(4, -1);
    if (!unknown && may_be && input.dtype == DType::kF32) unknown = input;
  }
  return unknown;
}

Result<int64_t> ChannelsOf(const InputInfo& input, const PictureConvention& convention) {
  const int64_t declared = input.declared ? (*input.declared)[convention.nchw ? 1 : 3] : -1;
  if (declared < 0) return int64_t{3};
  if (IsPictureChannels(declared)) return declared;
  return Unsupported("input " + input.name + " is " + ShapeString(*input.declared) +
                     ", which has no 1, 3 or 4 channels where layout " +
                     (convention.nchw ? "nchw" : "nhwc") + " has them (--preprocess layout=...)");
}

// By how much a network changes sizes, as a fraction.
struct Factor {
  int64_t up = 1, down = 1;
  int64_t Of(int64_t size) const { return std::max<int64_t>(1, (size * up + down - 1) / down); }
  bool operator==(const Factor&) const = default;
};

// Networks double, halve, or change sizes by 3/2. Rows beyond a multiple are left over at the edge;
// a network that gives less than a fraction cuts edges off, nobody knows which.
std::optional<Factor> FactorOf(int64_t from, int64_t to) {
  constexpr int64_t kLargestDivisor = 8;
  const int64_t common = std::gcd(from, to);
  const Factor factor{to / common, from / common};
  if (factor.down <= kLargestDivisor) return factor;
  return to > from ? std::optional(Factor{to / from, 1}) : std::nullopt;
}

// Every sample where the larger or smaller picture has it.
std::vector<uint8_t> Scaled(const std::vector<uint8_t>& samples, int64_t width, int64_t height,
                            const Factor& factor) {
  if (factor == Factor{} || samples.empty()) return samples;
  std::vector<uint8_t> scaled;
  const int64_t rows = factor.Of(height), columns = factor.Of(width);
  scaled.reserve(static_cast<size_t>(rows * columns));
  for (int64_t y = 0; y < rows; ++y) {
    const int64_t row = std::min(height - 1, y * factor.down / factor.up);
    for (int64_t x = 0; x < columns; ++x) {
      const int64_t column = std::min(width - 1, x * factor.down / factor.up);
      scaled.push_back(samples[static_cast<size_t>(row * width + column)]);
    }
  }
  return scaled;
}

std::string OutputName(const program::Program& program, size_t i) {
  return program.values[static_cast<size_t>(program.outputs[i].value)].name;
}

// The factor of both directions, or nothing where they differ or there is none.
std::optional<Factor> FactorOf(const PictureExtent& extent, int64_t height, int64_t width) {
  const auto vertical = FactorOf(height, extent.height), across = FactorOf(width, extent.width);
  return vertical && across && *vertical == *across ? vertical : std::nullopt;
}

bool HasTwoChannels(const Tensor& tensor, const PictureConvention& convention) {
  return tensor.rank() == 4 && tensor.shape()[convention.out_nchw ? 1 : 3] == 2;
}

}  // namespace

Result<Stylizer> Stylizer::Create(ProgramPointer program, const runtime::SessionOptions& options,
                                  const StylizerOptions& inputs) {
  std::vector<runtime::Feed> fed = inputs.feeds;
  if (inputs.host != nullptr)
    for (const HostOption& option : inputs.host->options()) fed.push_back({option.name, Tensor()});
  const auto input = FindPictureInput(*program, fed);
  if (!input) {
    PICABIA_RETURN_IF_ERROR(CheckAllFed(*program, fed));
    return Unsupported(
        "no input is left for the picture: expected one of float32 with 4 dimensions and 1, 3 or 4 "
        "channels that --set does not name (picabia run feeds any model)");
  }
  PICABIA_RETURN_IF_ERROR(CheckAllFed(*program, fed, input->name));
  Stylizer stylizer;
  stylizer.convention_ = program->picture;
  PICABIA_ASSIGN_OR_RETURN(stylizer.channels_, ChannelsOf(*input, program->picture));
  stylizer.rule_ = SizeRuleOf(*program);
  stylizer.options_ = inputs;
  stylizer.input_ = input->name;
  PICABIA_ASSIGN_OR_RETURN(stylizer.session_,
                           runtime::Session::Create(std::move(program), options));
  return stylizer;
}

Result<size_t> Stylizer::ChooseOutput(const std::vector<Tensor>& outputs, int64_t height,
                                      int64_t width) const {
  const program::Program& program = session_->program();
  std::string found;
  std::optional<size_t> other;  // may be a picture, but not of a size that a network makes
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (options_.output.empty()) {
      const auto extent = ExtentOf(outputs[i], convention_);
      if (extent.ok() && FactorOf(*extent, height, width)) return i;
      if (extent.ok() && !other) other = i;
    } else if (TensorName(options_.output) == TensorName(OutputName(program, i))) {
      return i;
    }
    found += (found.empty() ? "" : ", ") + OutputName(program, i) + " " +
             ShapeString(outputs[i].shape());
  }
  if (other) return *other;
  if (outputs.size() == 1) return size_t{0};  // ExtentOf() says what is wrong with it
  return Unsupported("no output is a picture of 1, 3 or 4 channels in layout " +
                     std::string(convention_.out_nchw ? "nchw" : "nhwc") + ": " + found +
                     " (--fetch chooses one, --preprocess output-layout=... says the layout)");
}

Result<Tensor> Stylizer::Prepare(const Picture& picture) const {
  return PictureToTensor(picture, convention_, channels_, PaddedSize(picture.height, rule_),
                         PaddedSize(picture.width, rule_));
}

Result<Picture> Stylizer::Run(const Picture& picture) {
  const int64_t height = PaddedSize(picture.height, rule_);
  const int64_t width = PaddedSize(picture.width, rule_);
  PICABIA_ASSIGN_OR_RETURN(Tensor input, Prepare(picture));
  std::vector<runtime::Feed> feeds = options_.feeds;
  feeds.push_back({input_, std::move(input)});

  const auto start = std::chrono::steady_clock::now();
  if (options_.host != nullptr) PICABIA_RETURN_IF_ERROR(options_.host->Complete(feeds));
  const auto ran = session_->Run(feeds);
  if (!ran.ok()) return WithAllowedSizes(ran.status(), session_->program(), feeds);
  const std::vector<Tensor>& outputs = *ran;
  ms_ = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();

  PICABIA_ASSIGN_OR_RETURN(const size_t chosen, ChooseOutput(outputs, height, width));
  output_ = outputs[chosen];
  const Tensor& output = output_;
  if (HasTwoChannels(output, convention_)) {
    return Unsupported("the model gives " + ShapeString(output.shape()) +
                       ": two channels are the colours without the luminance, in a space that the "
                       "file does not name; expected 1, 3 or 4 channels (picabia run gives the "
                       "numbers)");
  }
  PICABIA_ASSIGN_OR_RETURN(const PictureExtent extent, ExtentOf(output, convention_));
  const auto found = FactorOf(extent, height, width);
  if (!found) {
    return Unsupported("the model makes " + ShapeString({extent.height, extent.width}) + " of " +
                       ShapeString({height, width}) +
                       ", expected the same size or a multiple or fraction of it");
  }
  const Factor factor = *found;
  const int64_t rows = factor.Of(picture.height), columns = factor.Of(picture.width);
  const bool luminance = channels_ == 1 && extent.channels == 1;
  PICABIA_ASSIGN_OR_RETURN(
      Picture result, luminance ? LuminanceToPicture(output, convention_, picture, rows, columns)
                                : TensorToPicture(output, convention_, rows, columns));
  if (extent.channels != 4) {
    result.alpha = Scaled(picture.alpha, picture.width, picture.height, factor);
  }
  result.metadata = picture.metadata;
  return result;
}

}  // namespace picabia::studio
