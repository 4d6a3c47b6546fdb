// Picture conventions from graphs; see picture.h. Both ends of the graph are walked as far as they
// are affine in each channel: y = scale * x + shift.
#include "import/picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <variant>

#include "import/names.h"

namespace picabia::import {
namespace {

constexpr int kMaxSteps = 64;  // no real network has as many elementwise operators in a row
constexpr size_t kColours = 3;

struct Range {
  double low = 0, high = 255;
};

struct Finding {
  std::optional<Range> range;
  std::optional<bool> bgr, nchw;
  std::string why, why_bgr, why_nchw;
};

bool Near(double value, double expected, double tolerance) {
  return std::abs(value - expected) <= tolerance;
}

// ---- constants of elementwise operators

using Numbers = std::array<double, kColours>;

// One number for each colour, where the constant has one in all or one for each.
std::optional<Numbers> NumbersOf(const ir::Value& value) {
  if (!value.constant || value.constant->num_elements() > 4) return std::nullopt;
  const auto floats = FloatValues(*value.constant);
  if (!floats.ok() || floats->empty() || floats->size() == 2) return std::nullopt;
  Numbers numbers;
  for (size_t c = 0; c < kColours; ++c) {
    const float v = floats->size() == 1 ? (*floats)[0] : (*floats)[c];
    if (!std::isfinite(v)) return std::nullopt;
    numbers[c] = v;
  }
  return numbers;
}

// y = scale * x + shift, in each colour.
struct Affine {
  Numbers scale{1, 1, 1}, shift{0, 0, 0};
};

// The operator `x op constant` or `constant op x`; nothing for any other.
struct AffineStep {
  Affine affine;
  ir::ValueId x;
};

std::optional<AffineStep> AffineOf(const ir::Graph& graph, const ir::Node& node) {
  const auto* op = std::get_if<ops::Binary>(&node.op);
  if (op == nullptr) return std::nullopt;
  const auto left = NumbersOf(graph.value(node.inputs[0]));
  const auto right = NumbersOf(graph.value(node.inputs[1]));
  if (left.has_value() == right.has_value()) return std::nullopt;
  AffineStep step{{}, node.inputs[right ? 0 : 1]};
  if (graph.value(step.x).constant) return std::nullopt;  // too large to be a number a channel
  const Numbers& n = right ? *right : *left;
  for (size_t c = 0; c < kColours; ++c) {
    double &scale = step.affine.scale[c], &shift = step.affine.shift[c];
    switch (op->kind) {
      case ops::BinaryKind::kAdd:
        shift = n[c];
        break;
      case ops::BinaryKind::kSub:
        scale = right ? 1 : -1;
        shift = right ? -n[c] : n[c];
        break;
      case ops::BinaryKind::kMul:
        scale = n[c];
        break;
      case ops::BinaryKind::kDiv:
        if (!right || n[c] == 0) return std::nullopt;
        scale = 1 / n[c];
        break;
      default:
        return std::nullopt;
    }
  }
  return step;
}

// second(first(x))
Affine Then(const Affine& first, const Affine& second) {
  Affine out;
  for (size_t c = 0; c < kColours; ++c) {
    out.scale[c] = second.scale[c] * first.scale[c];
    out.shift[c] = second.scale[c] * first.shift[c] + second.shift[c];
  }
  return out;
}

bool AllOf(const Numbers& numbers, double low, double high) {
  return std::all_of(numbers.begin(), numbers.end(),
                     [=](double v) { return v >= low && v <= high; });
}

// The means of ImageNet in either order: they tell which colour comes first.
std::optional<bool> OrderOfMeans(const Numbers& means) {
  constexpr Numbers kMeans{0.485, 0.456, 0.406};  // red, green, blue; of 255: 123.7, 116.3, 103.5
  for (const double unit : {1.0, 255.0}) {
    bool rgb = true, bgr = true;
    for (size_t c = 0; c < kColours; ++c) {
      rgb = rgb && Near(means[c], kMeans[c] * unit, 0.01 * unit);
      bgr = bgr && Near(means[c], kMeans[kColours - 1 - c] * unit, 0.01 * unit);
    }
    if (rgb || bgr) return bgr;
  }
  return std::nullopt;
}

// ---- the input

bool IsChannels(int64_t n) { return n == 1 || n == 3 || n == 4; }

// Where a declared shape has its channels, if it is a picture's.
std::optional<bool> IsNchw(const std::optional<Shape>& shape) {
  if (!shape || shape->size() != 4) return std::nullopt;
  if (IsChannels((*shape)[3])) {
    if (!IsChannels((*shape)[1])) return false;
    return std::nullopt;
  }
  return IsChannels((*shape)[1]) ? std::optional(true) : std::nullopt;
}

// The first input that is a picture, else the first of floats.
ir::ValueId PictureInput(const ir::Graph& graph) {
  for (const ir::ValueId id : graph.inputs) {
    if (graph.value(id).dtype == DType::kF32 && IsNchw(graph.value(id).declared_shape)) return id;
  }
  for (const ir::ValueId id : graph.inputs) {
    if (graph.value(id).dtype == DType::kF32) return id;
  }
  return {};
}

// The only node that reads a value; null where there are several.
const ir::Node* OnlyReader(const ir::Graph& graph, ir::ValueId id) {
  const ir::Node* reader = nullptr;
  for (const ir::Node& node : graph.nodes) {
    if (std::find(node.inputs.begin(), node.inputs.end(), id) == node.inputs.end()) continue;
    if (reader != nullptr) return nullptr;
    reader = &node;
  }
  return reader;
}

bool MovesPixels(const ops::Op& op) {
  return std::holds_alternative<ops::Identity>(op) || std::holds_alternative<ops::Transpose>(op);
}

// What the network does to a picture before its first layer.
std::optional<Affine> Head(const ir::Graph& graph, ir::ValueId id) {
  Affine head;
  bool found = false;
  for (int i = 0; i < kMaxSteps; ++i) {
    const ir::Node* node = OnlyReader(graph, id);
    if (node == nullptr) break;
    if (const auto step = AffineOf(graph, *node)) {
      head = Then(head, step->affine);
      found = true;
    } else if (!(MovesPixels(node->op) || std::holds_alternative<ops::Pad>(node->op)) ||
               node->inputs[0] != id) {
      break;
    }
    id = node->outputs[0];
  }
  return found ? std::optional(head) : std::nullopt;
}

// Networks see values around zero of size about one, or the levels themselves less their mean. The
// bounds lie between the usual numbers: a division by 58 (the deviation of photos in levels), 127.5
// or 255, a mean of 103 to 128; or, of 0..1, a division by 0.22 to 0.5 and a mean of 0.4 to 0.5.
std::optional<Range> RangeOfHead(const Affine& head, const Numbers& means) {
  Numbers size;
  for (size_t c = 0; c < kColours; ++c) size[c] = std::abs(head.scale[c]);
  if (AllOf(size, 0.002, 0.05) || (AllOf(size, 0.9, 1.1) && AllOf(means, 20, 235))) {
    return Range{0, 255};
  }
  if (AllOf(size, 1, 10) && AllOf(means, 0.3, 0.7)) return Range{0, 1};
  if (AllOf(size, 200, 300) && AllOf(means, 0, 0.7)) return Range{0, 1};
  if (AllOf(means, -1.1, -0.9) && (AllOf(size, 0.4, 0.6) || AllOf(size, 100, 150))) {
    return Range{-1, 1};
  }
  return std::nullopt;
}

// The range of the levels of a whole tensor's QuantizeLinear.
std::optional<Range> RangeOfLevels(const ir::Graph& graph, const ir::Node& node) {
  const auto* op = std::get_if<ops::QuantizeLinear>(&node.op);
  if (op == nullptr || (op->to != DType::kI8 && op->to != DType::kU8)) return std::nullopt;
  const auto& scale = graph.value(node.inputs[1]).constant;
  if (!scale || scale->dtype() != DType::kF32 || scale->num_elements() != 1) return std::nullopt;
  double zero = 0;
  if (node.inputs.size() > 2) {
    const auto& point = graph.value(node.inputs[2]).constant;
    if (!point || point->num_elements() != 1) return std::nullopt;
    zero = op->to == DType::kI8 ? *point->data<int8_t>() : *point->data<uint8_t>();
  }
  const double least = op->to == DType::kI8 ? -128 : 0, step = double{*scale->data<float>()};
  return Range{(least - zero) * step, (least + 255 - zero) * step};
}

// What a quantized network takes: the levels at its input cover the range of its pictures.
std::optional<Range> RangeOfQuantizedInput(const ir::Graph& graph, ir::ValueId id) {
  for (int i = 0; i < kMaxSteps; ++i) {
    const ir::Node* node = OnlyReader(graph, id);
    if (node == nullptr) return std::nullopt;
    if (const auto levels = RangeOfLevels(graph, *node)) {
      for (const Range& usual : {Range{0, 1}, Range{-1, 1}, Range{0, 255}}) {
        const double tolerance = (usual.high - usual.low) * 0.02;
        if (Near(levels->low, usual.low, tolerance) && Near(levels->high, usual.high, tolerance))
          return usual;
      }
      return std::nullopt;
    }
    if (!MovesPixels(node->op)) return std::nullopt;
    id = node->outputs[0];
  }
  return std::nullopt;
}

Finding LookAtInput(const ir::Graph& graph) {
  Finding found;
  const ir::ValueId id = PictureInput(graph);
  if (id.index < 0) return found;
  const ir::Value& input = graph.value(id);
  found.nchw = IsNchw(input.declared_shape);
  if (found.nchw) {
    found.why_nchw = "input " + Quoted(input.name) + " is " + ShapeString(*input.declared_shape);
  }
  if (const auto range = RangeOfQuantizedInput(graph, id)) {
    found.range = range;
    found.why = "its input is quantized over this range";
    return found;
  }
  const auto head = Head(graph, id);
  if (!head || std::count(head->scale.begin(), head->scale.end(), 0.0) > 0) return found;
  Numbers means;
  for (size_t c = 0; c < kColours; ++c) means[c] = -head->shift[c] / head->scale[c];
  found.range = RangeOfHead(*head, means);
  found.why = "it begins with a scale and a shift";
  found.bgr = OrderOfMeans(means);
  found.why_bgr = "it subtracts the means of photos in this order";
  return found;
}

// ---- the output

// Walks from an output towards the input.
class Tail {
 public:
  Tail(const ir::Graph& graph, ir::ValueId output) : graph_(graph), id_(output) {
    found_.nchw = IsNchw(graph.value(output).declared_shape);
  }

  Finding Walk() {
    const std::vector<int32_t> producers = ir::Producers(graph_);
    for (int i = 0; i < kMaxSteps; ++i) {
      const int32_t producer = producers[static_cast<size_t>(id_.index)];
      if (producer < 0 || !Step(graph_.nodes[static_cast<size_t>(producer)])) break;
    }
    if (!found_.range && AllOf(affine_.scale, 200, 300)) Found(0, 1, "a factor of about 255");
    if (!found_.range && AllOf(affine_.scale, 100, 160) && AllOf(affine_.shift, 100, 160)) {
      Found(-1, 1, "a factor and a shift of about 127.5");
    }
    return found_;
  }

 private:
  // The network is found to give low..high where the walk stands.
  void Found(double low, double high, const std::string& what) {
    Range range{-std::numeric_limits<double>::infinity(), 0};
    const double a = affine_.scale[0], b = affine_.shift[0];
    range.low = std::min(a * low + b, a * high + b);
    range.high = std::max(a * low + b, a * high + b);
    found_.range = Usual(range);
    found_.why = "it ends with " + what;
    if (means_) found_.why += " and a shift by the means of photos";
  }

  // Overshooting ranges such as 150 * tanh + 127.5 are those of pictures, too.
  static std::optional<Range> Usual(const Range& r) {
    if (Near(r.low, 0, 0.1) && Near(r.high, 1, 0.1)) return Range{0, 1};
    if (Near(r.low, -1, 0.1) && Near(r.high, 1, 0.1)) return Range{-1, 1};
    if (Near(r.low, -0.5, 0.05) && Near(r.high, 0.5, 0.05)) return Range{-0.5, 0.5};
    if (Near(r.low, 0, 70) && Near(r.high, 255, 70)) return Range{0, 255};
    return std::nullopt;
  }

  bool Step(const ir::Node& node) {
    if (const auto* op = std::get_if<ops::Transpose>(&node.op); op != nullptr && !found_.nchw) {
      SetLayout(*op);
    }
    if (const auto* op = std::get_if<ops::Unary>(&node.op)) return Bounded(*op);
    if (const auto* op = std::get_if<ops::Clip>(&node.op)) return Clipped(*op, node);
    const bool quantizes = std::holds_alternative<ops::QuantizeLinear>(node.op) ||
                           std::holds_alternative<ops::DequantizeLinear>(node.op);
    if (MovesPixels(node.op) || quantizes) return GoTo(node.inputs[0]);
    if (const auto step = AffineOf(graph_, node)) {
      if (done_) return GoTo(step->x);
      affine_ = Then(step->affine, affine_);
      if (const auto bgr = OrderOfMeans(affine_.shift)) {
        found_.bgr = bgr;
        found_.why_bgr = "it adds the means of photos in this order";
        means_ = true;
      }
      return GoTo(step->x);
    }
    if (const auto* op = std::get_if<ops::Binary>(&node.op)) return Cut(*op, node);
    return Layered(node);
  }

  bool GoTo(ir::ValueId id) {
    id_ = id;
    return true;
  }

  void SetLayout(const ops::Transpose& op) {
    if (op.perm == std::vector<int64_t>{0, 3, 1, 2}) found_.nchw = true;
    if (op.perm == std::vector<int64_t>{0, 2, 3, 1}) found_.nchw = false;
  }

  bool Bounded(const ops::Unary& op) {
    if (!done_ && op.kind == ops::UnaryKind::kTanh) Found(-1, 1, "Tanh");
    if (!done_ && op.kind == ops::UnaryKind::kSigmoid) Found(0, 1, "Sigmoid");
    return false;
  }

  bool Clipped(const ops::Clip& op, const ir::Node& node) {
    if (!std::isfinite(op.low) || !std::isfinite(op.high)) return false;
    if (!done_) Found(op.low, op.high, "Clip");
    done_ = true;
    return GoTo(node.inputs[0]);
  }

  // The two operators that TensorFlow writes for a Clip.
  bool Cut(const ops::Binary& op, const ir::Node& node) {
    const auto left = NumbersOf(graph_.value(node.inputs[0]));
    const auto right = NumbersOf(graph_.value(node.inputs[1]));
    const bool min = op.kind == ops::BinaryKind::kMin, max = op.kind == ops::BinaryKind::kMax;
    if (left.has_value() == right.has_value() || (!min && !max)) return false;
    (min ? high_ : low_) = (right ? *right : *left)[0];
    if (low_ && high_ && !done_) {
      Found(*low_, *high_, "Minimum and Maximum");
      done_ = true;
    }
    return GoTo(node.inputs[right ? 0 : 1]);
  }

  // Layers have their channels last; before them nothing is of interest.
  bool Layered(const ir::Node& node) {
    const bool layer = std::holds_alternative<ops::Conv2D>(node.op) ||
                       std::holds_alternative<ops::ConvTranspose2D>(node.op) ||
                       std::holds_alternative<ops::Int8Conv2D>(node.op) ||
                       std::holds_alternative<ops::Int8ConvTranspose2D>(node.op) ||
                       std::holds_alternative<ops::InstanceNorm>(node.op) ||
                       std::holds_alternative<ops::BatchNorm>(node.op);
    if (layer && !found_.nchw) found_.nchw = false;
    return false;
  }

  const ir::Graph& graph_;
  ir::ValueId id_;
  Affine affine_;  // from the value where the walk stands to the output
  std::optional<double> low_, high_;
  bool done_ = false, means_ = false;  // the range is known; only the layout is still looked for
  Finding found_;
};

Finding LookAtOutput(const ir::Graph& graph) {
  for (const ir::ValueId id : graph.outputs) {
    const ir::Value& output = graph.value(id);
    if (output.dtype != DType::kF32) continue;
    if (output.declared_shape && output.declared_shape->size() != 4) continue;
    Finding found = Tail(graph, id).Walk();
    found.why_nchw = "what output " + Quoted(output.name) + " is made by";
    return found;
  }
  return {};
}

// ---- metadata

// The keys and values of the ONNX specification, "Metadata properties" of image models.
Finding LookAtMetadata(const ir::Graph& graph) {
  Finding found;
  if (const auto it = graph.image_metadata.find("Image.NominalPixelRange");
      it != graph.image_metadata.end()) {
    if (it->second == "NominalRange_0_255") found.range = Range{0, 255};
    if (it->second == "Normalized_0_1") found.range = Range{0, 1};
    if (it->second == "Normalized_1_1") found.range = Range{-1, 1};
    if (it->second == "NominalRange_16_235") found.range = Range{16, 235};
    found.why = it->first;
  }
  if (const auto it = graph.image_metadata.find("Image.BitmapPixelFormat");
      it != graph.image_metadata.end()) {
    if (it->second == "Rgb8" || it->second == "Rgba8") found.bgr = false;
    if (it->second == "Bgr8" || it->second == "Bgra8") found.bgr = true;
    found.why_bgr = it->first;
  }
  return found;
}

// ---- all together

void SetInput(PictureConvention& picture, const Range& range) {
  picture.scale = EveryChannel(static_cast<float>((range.high - range.low) / 255));
  picture.shift = EveryChannel(static_cast<float>(range.low));
}

void SetOutput(PictureConvention& picture, const Range& range) {
  const double scale = 255 / (range.high - range.low);
  picture.out_scale = EveryChannel(static_cast<float>(scale));
  picture.out_shift = EveryChannel(static_cast<float>(0 - range.low * scale));
}

void SetRanges(ir::Graph& graph, const Finding& said, const Finding& in, const Finding& out) {
  const std::string by_graph = "from the graph: ", by_metadata = "from the metadata: ";
  PictureOrigins& origins = graph.picture_origins;
  std::optional<Range> input = said.range, output = out.range;
  if (input) {
    origins.range = by_metadata + said.why;
  } else if (in.range) {
    input = in.range;
    origins.range = by_graph + in.why;
  }
  if (output) {
    origins.out_range = by_graph + out.why;
  } else if (said.range) {
    output = said.range;
    origins.out_range = by_metadata + said.why;
  }
  if (!input && output) origins.range = "assumed: as of the output";
  if (!output && input) origins.out_range = "assumed: as of the input";
  if (input || output) {
    SetInput(graph.picture, input ? *input : *output);
    SetOutput(graph.picture, output ? *output : *input);
  }
}

}  // namespace

void RecognisePicture(ir::Graph& graph) {
  graph.picture = {};
  graph.picture_origins = {};
  const Finding said = LookAtMetadata(graph), in = LookAtInput(graph), out = LookAtOutput(graph);
  SetRanges(graph, said, in, out);
  PictureOrigins& origins = graph.picture_origins;
  for (const auto& [finding, by] :
       {std::pair(&said, "from the metadata: "), std::pair(&in, "from the graph: "),
        std::pair(&out, "from the graph: ")}) {
    if (!finding->bgr || origins.order != "assumed") continue;
    graph.picture.bgr = *finding->bgr;
    origins.order = by + finding->why_bgr;
  }
  if (in.nchw) {
    graph.picture.nchw = *in.nchw;
    origins.layout = "from the graph: " + in.why_nchw;
  }
  graph.picture.out_nchw = graph.picture.nchw;
  if (out.nchw) {
    graph.picture.out_nchw = *out.nchw;
    origins.out_layout = "from the graph: " + out.why_nchw;
  } else if (in.nchw) {
    origins.out_layout = "assumed: as of the input";
  }
}

}  // namespace picabia::import
