// Preprocessing of Cambricon's quantizer; see cambricon_pictures.h.
//
// The network's picture is (pixel - mean) / std, with the pixels in the order of color_mode, and
// `mean` in the order blue, green, red: the original turns the list round when it turns the
// picture round. The original's default_preprocess_cali is known; the others are what their
// networks are published with, resized as OpenCV does.
#include "studio/cambricon_pictures.h"

#include <algorithm>
#include <cmath>

namespace picabia::studio {
namespace {

constexpr int kWeightBits = 11;
constexpr int kWeightOne = 1 << kWeightBits;

// The two source pixels of each target pixel, and the weight of the second.
struct Taps {
  std::vector<int64_t> first, second;
  std::vector<int> weights[2];
};

// Beyond the edge OpenCV repeats the last column with its whole weight, but the last row twice with
// a part each, which rounds otherwise.
enum class Axis { kRows, kColumns };

Taps TapsOf(int64_t from, int64_t to, Axis axis) {
  Taps taps;
  const double scale = double(from) / double(to);
  for (int64_t i = 0; i < to; ++i) {
    const auto at = static_cast<float>((double(i) + 0.5) * scale - 0.5);
    const auto first = static_cast<int64_t>(std::floor(at));
    float share = at - static_cast<float>(first);
    if (axis == Axis::kColumns && (first < 0 || first >= from - 1)) share = 0;
    taps.first.push_back(std::clamp<int64_t>(first, 0, from - 1));
    taps.second.push_back(std::clamp<int64_t>(first + 1, 0, from - 1));
    taps.weights[0].push_back(static_cast<int>(std::nearbyint((1 - share) * kWeightOne)));
    taps.weights[1].push_back(static_cast<int>(std::nearbyint(share * kWeightOne)));
  }
  return taps;
}

Picture Halve(const Picture& picture) {
  Picture half{picture.width / 2, picture.height / 2, {}, {}, nullptr};
  const auto at = [&](int64_t y, int64_t x, int64_t c) {
    return int{picture.rgb[size_t((y * picture.width + x) * 3 + c)]};
  };
  for (int64_t y = 0; y < half.height; ++y) {
    for (int64_t x = 0; x < half.width; ++x) {
      for (int64_t c = 0; c < 3; ++c) {
        const int sum = at(2 * y, 2 * x, c) + at(2 * y, 2 * x + 1, c) + at(2 * y + 1, 2 * x, c) +
                        at(2 * y + 1, 2 * x + 1, c);
        half.rgb.push_back(static_cast<uint8_t>((sum + 2) >> 2));
      }
    }
  }
  return half;
}

Picture Crop(const Picture& picture, int64_t top, int64_t left, int64_t height, int64_t width) {
  Picture cut{width, height, {}, {}, nullptr};
  for (int64_t y = 0; y < height; ++y) {
    const auto row = picture.rgb.begin() + ((top + y) * picture.width + left) * 3;
    cut.rgb.insert(cut.rgb.end(), row, row + width * 3);
  }
  return cut;
}

Picture CentralCrop(const Picture& picture, int64_t height, int64_t width) {
  height = std::min(height, picture.height);
  width = std::min(width, picture.width);
  return Crop(picture, (picture.height - height) / 2, (picture.width - width) / 2, height, width);
}

// The shorter side becomes `shorter`.
Picture KeepAspect(const Picture& picture, int64_t shorter) {
  const double scale = double(shorter) / double(std::min(picture.height, picture.width));
  return ResizeBilinear(picture, std::max<int64_t>(1, std::llround(double(picture.height) * scale)),
                        std::max<int64_t>(1, std::llround(double(picture.width) * scale)));
}

// As large as fits, in the middle of grey.
Picture Letterbox(const Picture& picture, int64_t height, int64_t width) {
  constexpr uint8_t kGrey = 128;
  const double scale =
      std::min(double(height) / double(picture.height), double(width) / double(picture.width));
  const auto rows = std::max<int64_t>(1, int64_t(double(picture.height) * scale));
  const auto columns = std::max<int64_t>(1, int64_t(double(picture.width) * scale));
  const Picture small = ResizeBilinear(picture, rows, columns);
  Picture box{width, height, std::vector<uint8_t>(size_t(height * width * 3), kGrey), {}, nullptr};
  const int64_t top = (height - rows) / 2, left = (width - columns) / 2;
  for (int64_t y = 0; y < rows; ++y) {
    std::copy_n(small.rgb.begin() + y * columns * 3, columns * 3,
                box.rgb.begin() + ((top + y) * width + left) * 3);
  }
  return box;
}

enum class Geometry { kResize, kKeep, kAspectCrop, kCentralCrop, kLetterbox };

// Of each function: its geometry, and what stands for the ini's mean and std where it has its own
// (red, green, blue).
struct Function {
  const char* name;
  Geometry geometry;
  bool own_values = false;
  float mean[3] = {0, 0, 0};
  float std[3] = {1, 1, 1};
};
constexpr Function kFunctions[] = {
    {"default_preprocess_cali", Geometry::kResize},
    {"no_preprocess_cali", Geometry::kKeep, true},
    {"vgg_preprocess_cali", Geometry::kAspectCrop, true, {123.68F, 116.78F, 103.94F}},
    {"inception_preprocess_cali",
     Geometry::kCentralCrop,
     true,
     {127.5F, 127.5F, 127.5F},
     {127.5F, 127.5F, 127.5F}},
    {"yolov3_preprocess_cali", Geometry::kLetterbox, true, {0, 0, 0}, {255, 255, 255}},
    {"yolov2_preprocess_cali", Geometry::kResize, true, {0, 0, 0}, {255, 255, 255}},
    {"east_preprocess_cali", Geometry::kResize, true, {123.68F, 116.78F, 103.94F}},
    {"pixellink_preprocess_cali", Geometry::kResize, true, {123.68F, 116.78F, 103.94F}},
    {"efficientNet_preprocess",
     Geometry::kAspectCrop,
     true,
     {123.675F, 116.28F, 103.53F},
     {58.395F, 57.12F, 57.375F}},
};

Picture Shape(const Picture& picture, Geometry geometry, int64_t height, int64_t width) {
  switch (geometry) {
    case Geometry::kResize:
      break;
    case Geometry::kKeep:
      return picture;
    case Geometry::kAspectCrop:
      // 256 for 224, as in the published preprocessing of these networks.
      return CentralCrop(KeepAspect(picture, std::max(height, width) * 256 / 224), height, width);
    case Geometry::kCentralCrop:
      return ResizeBilinear(CentralCrop(picture, picture.height - 2 * (picture.height / 16),
                                        picture.width - 2 * (picture.width / 16)),
                            height, width);
    case Geometry::kLetterbox:
      return Letterbox(picture, height, width);
  }
  return ResizeBilinear(picture, height, width);
}

}  // namespace

Picture ResizeBilinear(const Picture& picture, int64_t height, int64_t width) {
  if (picture.height == height && picture.width == width) return picture;
  if (picture.height == 2 * height && picture.width == 2 * width) return Halve(picture);
  const Taps rows = TapsOf(picture.height, height, Axis::kRows);
  const Taps columns = TapsOf(picture.width, width, Axis::kColumns);
  const auto across = [&](int64_t y, int64_t x, int64_t c) {
    const uint8_t* row = picture.rgb.data() + y * picture.width * 3 + c;
    return row[columns.first[size_t(x)] * 3] * columns.weights[0][size_t(x)] +
           row[columns.second[size_t(x)] * 3] * columns.weights[1][size_t(x)];
  };
  Picture result{width, height, {}, {}, nullptr};
  result.rgb.reserve(static_cast<size_t>(height * width * 3));
  for (int64_t y = 0; y < height; ++y) {
    const int64_t first = rows.first[size_t(y)], second = rows.second[size_t(y)];
    for (int64_t i = 0; i < width * 3; ++i) {
      const int upper = across(first, i / 3, i % 3) >> 4, lower = across(second, i / 3, i % 3) >> 4;
      const int sum = ((rows.weights[0][size_t(y)] * upper) >> 16) +
                      ((rows.weights[1][size_t(y)] * lower) >> 16);
      result.rgb.push_back(static_cast<uint8_t>((sum + 2) >> 2));
    }
  }
  return result;
}

namespace {

// Mean and std of the channels, in the order of the tensor.
struct Scaling {
  float mean[3], std[3];
};

Scaling ScalingOf(const Function& function, const quant::Config& config) {
  Scaling scaling;
  for (size_t place = 0; place < 3; ++place) {
    const size_t channel = config.color_mode == "bgr" ? 2 - place : place;  // channel 0 is red
    scaling.mean[place] = function.own_values ? function.mean[channel] : config.mean[2 - channel];
    scaling.std[place] = function.own_values ? function.std[channel] : config.std;
  }
  return scaling;
}

Result<const Function*> FunctionOf(const quant::Config& config) {
  for (const Function& each : kFunctions) {
    if (config.calibration == each.name) return &each;
  }
  return Unsupported("calibration '" + config.calibration + "' is not known");
}

}  // namespace

Result<Tensor> CambriconTensor(const Picture& picture, const quant::Config& config, int64_t height,
                               int64_t width) {
  PICABIA_ASSIGN_OR_RETURN(const Function* const function, FunctionOf(config));
  const Scaling scaling = ScalingOf(*function, config);
  const Picture shaped = Shape(picture, function->geometry, height, width);
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor,
                           Tensor::Create(DType::kF32, {1, shaped.height, shaped.width, 3}));
  auto* values = tensor.MutableData<float>();
  const bool bgr = config.color_mode == "bgr";
  for (size_t i = 0; i < shaped.rgb.size(); ++i) {
    const size_t place = i % 3, channel = bgr ? 2 - place : place;
    values[i] = (float(shaped.rgb[i - place + channel]) - scaling.mean[place]) / scaling.std[place];
  }
  return tensor;
}

Result<quant::PixelScaling> CambriconScaling(const quant::Config& config) {
  PICABIA_ASSIGN_OR_RETURN(const Function* const function, FunctionOf(config));
  const Scaling scaling = ScalingOf(*function, config);
  if (scaling.std[0] != scaling.std[1] || scaling.std[1] != scaling.std[2])
    return Unsupported(config.calibration + " has a std for each channel, expected one");
  return quant::PixelScaling{{scaling.mean[0], scaling.mean[1], scaling.mean[2]}, scaling.std[0]};
}

}  // namespace picabia::studio
