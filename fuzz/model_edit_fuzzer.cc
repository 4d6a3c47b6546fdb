// Fuzzes what edits model files and reads ini files: the first byte chooses which. Bytes as a
// GraphDef or ModelProto become text and the same bytes again, their layers are found and planned,
// and variants of the graph are made; bytes as text become a model or an error; bytes as an ini
// file are read.
#include <vector>

#include "import_fuzzing.h"
#include "proto/text.h"
#include "quant/config.h"
#include "quant/devices.h"
#include "quant/first_convolution.h"
#include "quant/model.h"
#include "quant/variant.h"

namespace {

using namespace picabia;

// An error says something, on one line.
void CheckError(const Status& status) {
  if (status.message().empty()) fuzz::Broken("an error says nothing", "");
}

// All in the text, and by reference to the bytes.
void CheckText(std::string_view model, const proto::MessageType& type) {
  const auto open = [&](const std::string&) -> Result<std::string_view> { return model; };
  for (const char* source : {"", "file"}) {
    const auto text = proto::PrintText(model, type, {source});
    if (!text.ok()) {
      CheckError(text.status());
      continue;
    }
    const auto again =
        *source == '\0' ? proto::ParseMessageText(*text, type, {}) : proto::ParseText(*text, open);
    if (!again.ok()) fuzz::Broken("printed text is refused", again.status().message());
    if (*again != model) fuzz::Broken("text does not give the same bytes", *text);
  }
}

void CheckParsing(std::string_view text) {
  static const std::string source(256, 's');
  const auto open = [](const std::string&) -> Result<std::string_view> {
    return std::string_view(source);
  };
  const auto bytes = proto::ParseText(text, open);
  if (!bytes.ok()) CheckError(bytes.status());
  for (const auto* type : {&proto::GraphDefType(), &proto::ModelProtoType()}) {
    const auto parsed = proto::ParseMessageText(text, *type, source);
    // What was written in words is a message that can be printed, and then exact.
    if (parsed.ok()) CheckText(*parsed, *type);
  }
}

// Each layer with a filter of one number.
std::vector<quant::LayerPlan> PlansOf(size_t layers) {
  std::vector<quant::LayerPlan> plans(layers);
  for (size_t i = 0; i < layers; ++i) {
    quant::LayerPlan& plan = plans[i];
    plan.bits = i % 3 == 0 ? 8 : i % 3 == 1 ? 16 : quant::kFloatBits;
    plan.input = {-1, 1};
    plan.filter =
        plan.bits == 16 ? *Tensor::From<int16_t>({1}, {1}) : *Tensor::From<int8_t>({1}, {1});
    plan.filter_scales.assign(i % 2 + 1, 1.0F);
  }
  return plans;
}

void CheckLayers(quant::Form form, std::string_view model) {
  const auto found = quant::FindLayers(form, model);
  if (!found.ok()) return CheckError(found.status());
  const auto written =
      quant::WriteModel(form, model, found->layers, PlansOf(found->layers.size()), "{}");
  if (!written.ok()) return CheckError(written.status());
  // What was written can be read again: it is quantized, or it has nothing that could be.
  const auto again = quant::FindLayers(form, *written);
  if (!again.ok()) CheckError(again.status());
}

void CheckGraph(std::string_view model) {
  for (const char* node : {"x", "y", "s", "d/SquaredDifference", "PowerDifference"}) {
    for (const auto op : {quant::VariantOp::kPowerDifference, quant::VariantOp::kPlaceholder}) {
      const auto variant = quant::MakeVariant(model, node, op);
      if (!variant.ok()) CheckError(variant.status());
    }
    const auto prepared = quant::PrepareInFirstConvolution(model, node, {});
    if (!prepared.ok()) CheckError(prepared.status());
  }
  for (const auto mode : {quant::DeviceMode::kClean, quant::DeviceMode::kMlu}) {
    const auto placed = quant::SetDevices(model, mode);
    if (!placed.ok()) CheckError(placed.status());
  }
}

void CheckConfig(std::string_view text) {
  const auto config = quant::ParseConfig(text);
  if (!config.ok()) return CheckError(config.status());
  if (quant::Describe(*config).empty()) fuzz::Broken("a config has no description", "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto copy = fuzz::ExactCopy(data + 1, size - 1);
  const std::string_view bytes(reinterpret_cast<const char*>(copy.get()), size - 1);
  switch (data[0]) {
    case 'p':
      CheckText(bytes, proto::GraphDefType());
      CheckLayers(quant::Form::kTensorFlow, bytes);
      CheckGraph(bytes);
      break;
    case 'o':
      CheckText(bytes, proto::ModelProtoType());
      CheckLayers(quant::Form::kOnnx, bytes);
      break;
    case 't':
      CheckParsing(bytes);
      break;
    default:
      CheckConfig(bytes);
  }
  return 0;
}
