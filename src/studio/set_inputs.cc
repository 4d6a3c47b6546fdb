// Inputs by name; see set_inputs.h.
#include "studio/set_inputs.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "base/checked.h"
#include "base/element.h"
#include "base/npy.h"
#include "studio/picture.h"
#include "studio/picture_tensor.h"
#include "studio/sizes.h"
#include "studio/split.h"

namespace picabia::studio {
namespace {

// A number repeated is no way to make large tensors: those come in files.
constexpr int64_t kMostElements = int64_t{1} << 26;

std::string TypeText(const InputInfo& input) {
  const std::string shape = input.declared ? ShapeString(*input.declared) : "of any shape";
  return std::string(DTypeName(input.dtype)) + " " + shape;
}

Status ValueError(const InputInfo& input, const std::string& value, const std::string& expected) {
  return InvalidArgument("--set " + input.name + ": found \"" + value + "\", expected " + expected +
                         "; the input is " + TypeText(input));
}

template <typename T>
std::optional<T> Parsed(const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

// Nothing but what numbers, lists and pairs are written with.
bool LooksLikeNumbers(const std::string& text) {
  return text.find_first_not_of("0123456789+-.eE:,") == std::string::npos &&
         text.find_first_of("0123456789") != std::string::npos;
}

// ---- numbers

// How many numbers the input takes, where its shape says so: a free batch is 1.
std::optional<Shape> KnownShape(const InputInfo& input) {
  if (!input.declared) return std::nullopt;
  Shape shape = *input.declared;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0 && i < input.frozen.size()) shape[i] = input.frozen[i];
    if (shape[i] < 0 && i == 0 && shape.size() > 1) shape[i] = 1;
    if (shape[i] < 0) return std::nullopt;
  }
  return shape;
}

// A shape for `count` numbers, a single one of which may be repeated.
std::optional<Shape> ShapeFor(const InputInfo& input, int64_t count) {
  if (!input.declared) return count == 1 ? Shape{} : Shape{count};
  if (auto shape = KnownShape(input)) {
    const auto elements = CheckedProduct(*shape);
    const bool fits = elements && (count == 1 || *elements == count);
    return fits ? shape : std::nullopt;
  }
  if (input.declared->size() == 1) return Shape{count};  // as long as the list
  return std::nullopt;
}

template <typename T>
bool FitsInteger(double value) {
  return value == std::floor(value) &&
         value >= static_cast<double>(std::numeric_limits<T>::min()) &&
         value <= static_cast<double>(std::numeric_limits<T>::max());
}

bool Fits(DType dtype, double value) {
  if (dtype == DType::kF16) return std::abs(value) <= 65504;  // the largest half
  return VisitElementType(dtype, [&]<typename T>(ElementType<T>) {
    if constexpr (std::is_same_v<T, Bool>) {
      return value == 0 || value == 1;
    } else if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
      // Doubles hold all integers up to here.
      return value == std::floor(value) && std::abs(value) <= 0x1p53 &&
             (std::is_signed_v<T> || value >= 0);
    } else if constexpr (std::is_integral_v<T>) {
      return FitsInteger<T>(value);
    } else if constexpr (std::is_same_v<T, float>) {
      return std::abs(value) <= static_cast<double>(std::numeric_limits<float>::max());
    } else {
      return std::isfinite(value);
    }
  });
}

Result<Tensor> FromNumbers(DType dtype, const Shape& shape, const std::vector<double>& values) {
  if (CheckedProduct(shape).value_or(kMostElements + 1) > kMostElements) {
    return ResourceError("a tensor of shape " + ShapeString(shape) + " is too large for --set");
  }
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(dtype, shape));
  VisitElementType(dtype, [&]<typename T>(ElementType<T>) {
    T* to = tensor.MutableData<T>();
    for (int64_t i = 0; i < tensor.num_elements(); ++i) {
      const double value = values[values.size() == 1 ? 0 : static_cast<size_t>(i)];
      if constexpr (std::is_same_v<T, Half>) {
        to[i] = Half(static_cast<float>(value));
      } else if constexpr (std::is_same_v<T, Bool>) {
        to[i] = Bool(value != 0);
      } else {
        to[i] = static_cast<T>(value);
      }
    }
  });
  return tensor;
}

Result<Tensor> FromList(const InputInfo& input, const std::string& text) {
  std::vector<double> values;
  for (const std::string& part : Split(text, ',')) {
    const auto value = Parsed<double>(part);
    if (!value || !Fits(input.dtype, *value)) {
      return ValueError(input, text,
                        "numbers that fit its type, separated by commas (\"" + part + "\")");
    }
    values.push_back(*value);
  }
  const auto shape = ShapeFor(input, static_cast<int64_t>(values.size()));
  if (shape) return FromNumbers(input.dtype, *shape, values);
  const auto known = KnownShape(input);
  const auto elements = known ? CheckedProduct(*known) : std::nullopt;
  return ValueError(input, text,
                    elements ? "1 or " + std::to_string(*elements) + " numbers, not " +
                                   std::to_string(values.size())
                             : std::string("a file, as its size is free"));
}

Result<Tensor> FromPairs(const InputInfo& input, const std::string& text) {
  const auto shape = KnownShape(input);
  const int64_t size = shape ? CheckedProduct(*shape).value_or(0) : 0;
  if (!shape) return ValueError(input, text, "a list or a file, as its size is free");
  if (size > kMostElements) return ValueError(input, text, "a .npy file for so large a tensor");
  std::vector<double> values(static_cast<size_t>(size), 0.0);
  std::set<int64_t> seen;
  for (const std::string& part : Split(text, ',')) {
    const size_t colon = part.find(':');
    const auto index = Parsed<int64_t>(part.substr(0, colon));
    const auto weight =
        colon == std::string::npos ? std::nullopt : Parsed<double>(part.substr(colon + 1));
    if (!index || !weight || !Fits(input.dtype, *weight)) {
      return ValueError(input, text, "INDEX:WEIGHT pairs separated by commas (\"" + part + "\")");
    }
    if (*index < 0 || *index >= size) {
      return ValueError(input, text,
                        "indices from 0 to " + std::to_string(size - 1) + " (\"" + part + "\")");
    }
    if (!seen.insert(*index).second) {
      return ValueError(input, text, "every index once (\"" + part + "\")");
    }
    values[static_cast<size_t>(*index)] = *weight;
  }
  return FromNumbers(input.dtype, *shape, values);
}

// ---- pictures

size_t ChannelAxis(const Shape& shape, bool prefer_nchw) {
  const bool first = IsPictureChannels(shape[1]), last = IsPictureChannels(shape[3]);
  return first && (prefer_nchw || !last) ? 1 : 3;
}

Result<Tensor> FromPicture(const program::Program& program, const InputInfo& input,
                           const std::string& path, int64_t max_pixels) {
  PICABIA_RETURN_IF_ERROR(StartPictures("picabia", 1));
  auto read = ReadPicture(path, max_pixels);
  if (!read.ok()) return read.status().WithContext("--set " + input.name);
  Picture picture = *std::move(read);
  const Shape& shape = *input.declared;
  const size_t axis = ChannelAxis(shape, program.picture.nchw);
  PictureConvention convention = program.picture;
  convention.nchw = axis == 1;
  const size_t row = axis == 1 ? 2 : 1;
  const Shape sizes = KnownShape(input).value_or(Shape(4, -1));
  if (sizes[row] > 0 && sizes[row + 1] > 0) {
    picture = ResizePicture(picture, sizes[row], sizes[row + 1]);
    return PictureToTensor(picture, convention, shape[axis], picture.height, picture.width);
  }
  const SizeRule rule = SizeRuleOf(program);
  return PictureToTensor(picture, convention, shape[axis], PaddedSize(picture.height, rule),
                         PaddedSize(picture.width, rule));
}

// ---- finding inputs

Result<InputInfo> FindInput(const std::vector<InputInfo>& inputs, const std::string& name) {
  std::string known;
  for (const InputInfo& input : inputs) {
    if (TensorName(input.name) == TensorName(name)) return input;
    known += (known.empty() ? "" : ", ") + input.name + " " + TypeText(input);
  }
  return NotFound("--set " + name + ": no such input; the inputs are: " + known);
}

std::string ExampleValue(const InputInfo& input) {
  if (IsPictureInput(input)) return "photo.jpg";
  const auto shape = KnownShape(input);
  const int64_t size = shape ? CheckedProduct(*shape).value_or(0) : 1;
  if (size == 1) return "1";
  return shape && shape->size() <= 2 ? "0:1" : "FILE.npy";
}

}  // namespace

std::string TensorName(const std::string& name) {
  return name.ends_with(":0") ? name.substr(0, name.size() - 2) : name;
}

Result<std::vector<SetOption>> ParseSets(const std::vector<std::string>& texts) {
  std::vector<SetOption> sets;
  std::set<std::string> names;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
      return InvalidArgument("--set \"" + text +
                             "\", expected NAME=VALUE, for example strength=0.7");
    }
    sets.push_back({text.substr(0, equals), text.substr(equals + 1)});
    if (!names.insert(TensorName(sets.back().name)).second) {
      return InvalidArgument("--set names " + sets.back().name + " twice");
    }
  }
  return sets;
}

std::vector<InputInfo> InputsOf(const program::Program& program) {
  std::vector<InputInfo> inputs;
  for (const program::Port& port : program.inputs) {
    const program::Value& value = program.values[static_cast<size_t>(port.value)];
    inputs.push_back({value.name, value.dtype, std::nullopt, port.default_shape});
    if (port.rank_known) inputs.back().declared = port.declared_shape;
  }
  return inputs;
}

std::vector<InputInfo> InputsOf(const ir::Graph& graph) {
  std::vector<InputInfo> inputs;
  for (const ir::ValueId id : graph.inputs) {
    const ir::Value& v = graph.value(id);
    inputs.push_back({v.name, v.dtype, v.declared_shape, v.frozen_shape.value_or(Shape{})});
  }
  return inputs;
}

bool IsPictureInput(const InputInfo& input) {
  if (input.dtype != DType::kF32 || !input.declared || input.declared->size() != 4) return false;
  return IsPictureChannels((*input.declared)[1]) || IsPictureChannels((*input.declared)[3]);
}

Result<std::optional<Tensor>> ValueTensor(const InputInfo& input, const std::string& value) {
  const bool numbers = LooksLikeNumbers(value);
  if (!numbers && !value.ends_with(".npy")) return std::optional<Tensor>();
  const bool pairs = value.find(':') != std::string::npos;
  Result<Tensor> tensor = !numbers ? ReadNpy(value)
                          : pairs  ? FromPairs(input, value)
                                   : FromList(input, value);
  if (tensor.ok()) return std::optional<Tensor>(*std::move(tensor));
  const std::string prefix = "--set " + input.name;
  const bool named = tensor.status().message().starts_with(prefix);
  return named ? tensor.status() : tensor.status().WithContext(prefix + "=" + value);
}

Result<std::vector<runtime::Feed>> SetFeeds(const program::Program& program,
                                            const std::vector<SetOption>& sets,
                                            int64_t max_pixels) {
  const std::vector<InputInfo> inputs = InputsOf(program);
  std::vector<runtime::Feed> feeds;
  for (const SetOption& set : sets) {
    PICABIA_ASSIGN_OR_RETURN(const InputInfo input, FindInput(inputs, set.name));
    PICABIA_ASSIGN_OR_RETURN(const auto tensor, ValueTensor(input, set.value));
    if (tensor) {
      feeds.push_back({input.name, *tensor});
    } else if (IsPictureInput(input)) {
      PICABIA_ASSIGN_OR_RETURN(Tensor pixels, FromPicture(program, input, set.value, max_pixels));
      feeds.push_back({input.name, std::move(pixels)});
    } else {
      return ValueError(input, set.value,
                        "a number, a list (1,2,3), INDEX:WEIGHT pairs or a .npy file");
    }
  }
  return feeds;
}

Status BindInputs(ir::Graph& graph, const std::vector<SetOption>& sets) {
  const std::vector<InputInfo> inputs = InputsOf(graph);
  for (const SetOption& set : sets) {
    PICABIA_ASSIGN_OR_RETURN(const InputInfo input, FindInput(inputs, set.name));
    PICABIA_ASSIGN_OR_RETURN(const auto tensor, ValueTensor(input, set.value));
    if (!tensor) {
      return ValueError(input, set.value,
                        "a number, a list (1,2,3), INDEX:WEIGHT pairs or a .npy file");
    }
    const bool fits = tensor->dtype() == input.dtype && tensor->has_data();
    bool shape_fits = !input.declared || input.declared->size() == tensor->shape().size();
    for (size_t i = 0; shape_fits && input.declared && i < input.declared->size(); ++i) {
      shape_fits = (*input.declared)[i] < 0 || (*input.declared)[i] == tensor->shape()[i];
    }
    if (!fits || !shape_fits) {
      return ValueError(input, set.value,
                        std::string("a tensor like it, not ") + DTypeName(tensor->dtype()) + " " +
                            ShapeString(tensor->shape()));
    }
    PICABIA_ASSIGN_OR_RETURN(const ir::ValueId id, graph.FindValue(input.name));
    ir::Value& value = graph.value(id);
    value.constant = *tensor;
    value.declared_shape.reset();
    value.frozen_shape.reset();
    std::erase(graph.inputs, id);
  }
  return OkStatus();
}

Status CheckAllFed(const program::Program& program, const std::vector<runtime::Feed>& feeds,
                   const std::string& picture) {
  std::string missing;
  for (const InputInfo& input : InputsOf(program)) {
    const bool fed = std::any_of(feeds.begin(), feeds.end(), [&](const runtime::Feed& feed) {
      return TensorName(feed.name) == TensorName(input.name);
    });
    if (fed || (!picture.empty() && input.name == picture)) continue;
    missing += (missing.empty() ? "" : "; ") + input.name + ", " + TypeText(input) +
               " (for example --set " + input.name + "=" + ExampleValue(input) + ")";
  }
  if (missing.empty()) return OkStatus();
  return InvalidArgument("inputs that are not fed: " + missing);
}

}  // namespace picabia::studio
