// Runs the variants; see compare.h.
#include "studio/compare.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "quant/metrics.h"
#include "studio/calibration_set.h"
#include "studio/modelled.h"
#include "studio/models.h"
#include "studio/online.h"
#include "studio/picture_tensor.h"
#include "studio/stylizer.h"

namespace picabia::studio {
namespace {

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Result<int64_t> FileBytesOf(const std::string& model) {
  const std::string prefix = kStylePrefix;
  if (model.starts_with(prefix)) {
    const std::string name = model.substr(prefix.size());
    if (name.empty() && !EmbeddedStyles().empty())
      return static_cast<int64_t>(EmbeddedStyles()[0].bytes.size());
    PICABIA_ASSIGN_OR_RETURN(const EmbeddedStyle style, FindStyle(name));
    return static_cast<int64_t>(style.bytes.size());
  }
  std::error_code error;
  const auto bytes = std::filesystem::file_size(model, error);
  if (error) return IoError(model + ": " + error.message());
  return static_cast<int64_t>(bytes);
}

// No side longer than kCompareSide.
Picture Reduced(const Picture& picture) {
  const int64_t side = std::max(picture.width, picture.height);
  if (side <= kCompareSide) return picture;
  const auto scaled = [&](int64_t size) {
    return std::max<int64_t>(1, size * kCompareSide / side);
  };
  return ResizePicture(picture, scaled(picture.height), scaled(picture.width));
}

Result<Tensor> AsTensor(const Picture& picture) {
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor,
                           Tensor::Create(DType::kF32, {1, picture.height, picture.width, 3}));
  std::copy(picture.rgb.begin(), picture.rgb.end(), tensor.MutableData<float>());
  return tensor;
}

// Those options --set or --host that a program has inputs for.
template <typename Option>
std::vector<Option> OfInputs(const program::Program& program, const std::vector<Option>& all) {
  std::vector<Option> own;
  const auto inputs = InputsOf(program);
  for (const Option& option : all) {
    const bool has = std::any_of(inputs.begin(), inputs.end(), [&](const InputInfo& input) {
      return TensorName(input.name) == TensorName(option.name);
    });
    if (has) own.push_back(option);
  }
  return own;
}

// A variant that is ready to run.
struct Runner {
  ModelOptions model_options;
  runtime::SessionOptions session_options;
  Model model;
  std::vector<SetOption> sets;
  std::vector<HostOption> hosts;
  std::vector<runtime::Feed> feeds;
  std::shared_ptr<HostStep> host;  // null without options
  std::optional<Stylizer> stylizer;

  // All feeds of a run on a picture.
  Result<std::vector<runtime::Feed>> FeedsFor(const Picture& picture) const {
    std::vector<runtime::Feed> all = feeds;
    PICABIA_ASSIGN_OR_RETURN(Tensor input, stylizer->Prepare(picture));
    all.push_back({stylizer->input(), std::move(input)});
    if (host != nullptr) PICABIA_RETURN_IF_ERROR(host->Complete(all));
    return all;
  }
};

class Comparer {
 public:
  explicit Comparer(const CompareOptions& options) : options_(options) {}

  Result<Comparison> Run() {
    PICABIA_RETURN_IF_ERROR(CheckModels());
    PICABIA_ASSIGN_OR_RETURN(picture_, ReadPicture(options_.image, kDefaultMaxPixels));
    small_ = Reduced(picture_);
    PICABIA_RETURN_IF_ERROR(ReadPhotos());
    result_.image = options_.image;
    result_.photos = options_.photos;
    result_.width = picture_.width, result_.height = picture_.height;
    result_.layer_width = small_.width, result_.layer_height = small_.height;
    result_.cores = options_.session.mlu.cores;
    result_.wide = options_.session.mlu.numerics == runtime::MluNumerics::kWide;
    PICABIA_RETURN_IF_ERROR(RunReference());
    for (const Variant& variant : Variants()) {
      VariantResult entry;
      entry.variant = variant;
      const Status status = RunVariant(entry);
      if (!status.ok()) {
        entry = {};
        entry.variant = variant;
        entry.problem = status.message();
      }
      result_.variants.push_back(std::move(entry));
    }
    picture_.metadata = nullptr;
    result_.picture = std::move(picture_);
    return std::move(result_);
  }

 private:
  // Names that nothing has are slips of the finger, and so are models that do not open.
  Status CheckModels() {
    std::set<std::string> known;
    for (const std::string& model : options_.models) {
      ModelOptions model_options;
      PICABIA_ASSIGN_OR_RETURN(model_options.compile.operators, options_.operators("cpu"));
      model_options.preprocess = options_.preprocess;
      PICABIA_ASSIGN_OR_RETURN(const Model opened, OpenModel(model, model_options));
      for (const InputInfo& input : InputsOf(*opened.program)) known.insert(TensorName(input.name));
    }
    const auto unknown = [&](const char* option, const std::string& name) {
      if (known.count(TensorName(name)) > 0) return OkStatus();
      return InvalidArgument(std::string(option) + name + ": no model has an input of this name");
    };
    for (const SetOption& set : options_.sets) PICABIA_RETURN_IF_ERROR(unknown("--set ", set.name));
    for (const HostOption& host : options_.hosts)
      PICABIA_RETURN_IF_ERROR(unknown("--host ", host.name));
    return OkStatus();
  }

  Status ReadPhotos() {
    if (options_.photos.empty()) return OkStatus();
    PICABIA_ASSIGN_OR_RETURN(const CalibrationSet set, FindCalibrationSet(options_.photos, ".", 0));
    photo_files_ = set.files;
    return OkStatus();
  }

  Variant Reference() const { return {options_.models[0], "cpu", "fp32"}; }

  // All but the reference.
  std::vector<Variant> Variants() const {
    std::vector<Variant> variants;
    const auto add = [&](const Variant& v) {
      const auto same = [&](const Variant& o) {
        return o.model == v.model && o.device == v.device && o.precision == v.precision;
      };
      if (!same(Reference()) && std::none_of(variants.begin(), variants.end(), same))
        variants.push_back(v);
    };
    for (const std::string& model : options_.models)
      for (const std::string& device : options_.devices) {
        if (device == "mlu") {
          add({model, device, ""});
        } else {
          for (const std::string& precision : options_.precisions) add({model, device, precision});
        }
      }
    return variants;
  }

  Result<Runner> Open(const Variant& variant) const {
    Runner runner;
    const bool is_mlu = variant.device == "mlu";
    runner.session_options = options_.session;
    runner.session_options.device = is_mlu ? runtime::DeviceKind::kMlu : runtime::DeviceKind::kCpu;
    runner.session_options.mlu.watch = is_mlu;
    if (!is_mlu) {
      PICABIA_ASSIGN_OR_RETURN(runner.session_options.precision,
                               runtime::ParsePrecision(variant.precision));
    }
    const bool card = is_mlu && !result_.wide;
    runner.model_options.compile.pipeline.target =
        card ? passes::Target::kMlu270 : passes::Target::kCpu;
    runner.model_options.preprocess = options_.preprocess;
    PICABIA_ASSIGN_OR_RETURN(runner.model_options.compile.operators,
                             options_.operators(variant.device));
    PICABIA_ASSIGN_OR_RETURN(runner.model, OpenModel(variant.model, runner.model_options));
    const program::Program& program = *runner.model.program;
    runner.sets = OfInputs(program, options_.sets);
    runner.hosts = OfInputs(program, options_.hosts);
    PICABIA_ASSIGN_OR_RETURN(runner.feeds, SetFeeds(program, runner.sets, kDefaultMaxPixels));
    if (!runner.hosts.empty()) {
      PICABIA_ASSIGN_OR_RETURN(
          runner.host, HostStep::Open(variant.model, {runner.model_options, runner.session_options},
                                      runner.hosts));
    }
    auto stylizer = Stylizer::Create(runner.model.program, runner.session_options,
                                     {runner.feeds, "", runner.host});
    if (!stylizer.ok()) return stylizer.status();
    runner.stylizer.emplace(*std::move(stylizer));
    return runner;
  }

  void Announce(const Variant& variant) const {
    VariantResult named;
    named.variant = variant;
    if (options_.progress) options_.progress(named.Label());
  }

  // Time, picture and the output tensor, which stays in the runner.
  Result<Runner> RunPhoto(VariantResult& entry) {
    Announce(entry.variant);
    PICABIA_ASSIGN_OR_RETURN(entry.file_bytes, FileBytesOf(entry.variant.model));
    PICABIA_ASSIGN_OR_RETURN(Runner runner, Open(entry.variant));
    Stylizer& stylizer = *runner.stylizer;
    PICABIA_ASSIGN_OR_RETURN(entry.picture, stylizer.Run(picture_));
    entry.picture.alpha.clear();
    entry.picture.metadata = nullptr;
    entry.arithmetic = stylizer.arithmetic();
    entry.saturated = stylizer.session().saturated();
    if (entry.variant.device == "mlu") PICABIA_RETURN_IF_ERROR(ModelCard(entry, runner));
    PICABIA_ASSIGN_OR_RETURN(Tensor input, stylizer.Prepare(picture_));
    PICABIA_ASSIGN_OR_RETURN(
        entry.time,
        options_.time(
            {entry.variant, {stylizer.input(), std::move(input)}, runner.sets, runner.hosts}));
    return runner;
  }

  // Nothing where the time model cannot follow the shapes.
  Status ModelCard(VariantResult& entry, const Runner& runner) const {
    PICABIA_ASSIGN_OR_RETURN(const auto feeds, runner.FeedsFor(picture_));
    const auto steps = ModelledSteps(runner.stylizer->session(), feeds);
    if (!steps.ok()) return OkStatus();
    double ms = ModelledMs(*steps);
    if (runner.host != nullptr) {
      const auto first = ModelledSteps(runner.host->session(), feeds);
      if (!first.ok()) return OkStatus();
      ms += ModelledMs(*first);
    }
    entry.card_ms = ms;
    return OkStatus();
  }

  // Tensors by name on the small picture.
  Result<std::vector<Tensor>> LayersOf(const Variant& variant, const Runner& runner,
                                       std::vector<std::string>& names) const {
    OnlineOptions online{runner.model_options, runner.session_options};
    online.session.mlu.watch = false;
    PICABIA_ASSIGN_OR_RETURN(const auto model, OnlineModel::Open(variant.model, online));
    const auto all = model->TensorNames();
    const std::set<std::string> known(all.begin(), all.end());
    std::erase_if(names, [&](const std::string& name) { return known.count(name) == 0; });
    if (names.empty()) return std::vector<Tensor>();
    PICABIA_ASSIGN_OR_RETURN(const auto feeds, runner.FeedsFor(small_));
    return model->Run(names, feeds);
  }

  Status RunReference() {
    VariantResult entry;
    entry.variant = Reference();
    entry.is_reference = true;
    auto runner = RunPhoto(entry);
    if (!runner.ok()) return runner.status().WithContext(entry.variant.model);
    expected_ = runner->stylizer->output();
    PICABIA_ASSIGN_OR_RETURN(entry.quality, Judge(entry.picture, entry.picture));
    PICABIA_ASSIGN_OR_RETURN(entry.deviation, Deviate(expected_, expected_, Threshold("cpu")));
    result_.isa = runner->stylizer->isa();
    for (const program::Step& step : runner->model.program->steps) {
      for (const int32_t output : step.outputs) {
        const program::Value& value = runner->model.program->values[static_cast<size_t>(output)];
        if (value.dtype == DType::kF32 && !value.name.empty()) layer_names_.push_back(value.name);
      }
    }
    // A compiled file has lost its inner tensors.
    auto layers = LayersOf(entry.variant, *runner, layer_names_);
    if (layers.ok()) {
      expected_layers_ = *std::move(layers);
    } else {
      layer_names_.clear();
    }
    for (const std::string& file : photo_files_) {
      PICABIA_ASSIGN_OR_RETURN(const Picture photo, ReadPicture(file, kDefaultMaxPixels));
      photos_.push_back(Reduced(photo));
      auto made = runner->stylizer->Run(photos_.back());
      if (!made.ok()) return made.status().WithContext(file);
      expected_photos_.push_back(*std::move(made));
    }
    result_.variants.push_back(std::move(entry));
    return OkStatus();
  }

  static double Threshold(const std::string& device) { return device == "mlu" ? 1e-4 : 1e-6; }

  Status RunVariant(VariantResult& entry) {
    PICABIA_ASSIGN_OR_RETURN(Runner runner, RunPhoto(entry));
    PICABIA_ASSIGN_OR_RETURN(entry.quality, Judge(entry.picture, result_.variants[0].picture));
    PICABIA_ASSIGN_OR_RETURN(entry.deviation, Deviate(runner.stylizer->output(), expected_,
                                                      Threshold(entry.variant.device)));
    CompareLayers(entry, runner);
    for (size_t i = 0; i < photos_.size(); ++i) {
      PICABIA_ASSIGN_OR_RETURN(const Picture made, runner.stylizer->Run(photos_[i]));
      PICABIA_ASSIGN_OR_RETURN(const PictureQuality quality, Judge(made, expected_photos_[i]));
      entry.photos.push_back({photo_files_[i], quality});
    }
    return OkStatus();
  }

  // Layers that the two models do not share are left out, and all of a compiled file.
  void CompareLayers(VariantResult& entry, const Runner& runner) const {
    std::vector<std::string> names = layer_names_;
    const auto found = LayersOf(entry.variant, runner, names);
    if (!found.ok()) return;
    for (size_t i = 0, k = 0; i < layer_names_.size() && k < names.size(); ++i) {
      if (layer_names_[i] != names[k]) continue;
      quant::Difference difference;
      const Status status = difference.Add(expected_layers_[i], (*found)[k++]);
      if (status.ok())
        entry.layers.push_back({layer_names_[i], difference.sqnr(), difference.max_error});
    }
  }

  const CompareOptions& options_;
  Comparison result_;
  Picture picture_, small_;
  Tensor expected_;
  std::vector<std::string> layer_names_, photo_files_;
  std::vector<Tensor> expected_layers_;
  std::vector<Picture> photos_, expected_photos_;
};

}  // namespace

double VariantTime::Percentile(double share) const {
  if (ms.empty()) return 0;
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(ms.size())));
  return ms[std::clamp<size_t>(rank, 1, ms.size()) - 1];
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return (values[values.size() / 2] + values[(values.size() - 1) / 2]) / 2;
}

double VariantTime::median() const { return Median(ms); }

double Deviation::bias() const {
  const int64_t differ = above + below;
  return differ == 0 ? 0
                     : static_cast<double>(std::max(above, below)) / static_cast<double>(differ);
}

Result<Deviation> Deviate(const Tensor& found, const Tensor& expected, double threshold) {
  if (found.shape() != expected.shape()) {
    return InvalidArgument("gives an output of shape " + ShapeString(found.shape()) +
                           ", expected the reference's " + ShapeString(expected.shape()));
  }
  PICABIA_ASSIGN_OR_RETURN(const std::vector<float> e, FloatValues(found));
  PICABIA_ASSIGN_OR_RETURN(const std::vector<float> b, FloatValues(expected));
  Deviation d;
  d.threshold = threshold;
  double error1 = 0, error2 = 0, all1 = 0, all2 = 0;
  for (size_t i = 0; i < e.size(); ++i) {
    const double error = std::fabs(double(e[i]) - b[i]), size = std::fabs(double(b[i]));
    error1 += error, error2 += error * error, all1 += size, all2 += size * size;
    if (size > threshold) {
      d.diff3_relative = std::max(d.diff3_relative, error / size);
    } else {
      d.diff3_absolute = std::max(d.diff3_absolute, error);
    }
    (e[i] > b[i] ? d.above : e[i] < b[i] ? d.below : d.equal) += 1;
  }
  // Of nothing but zeros every error is infinitely large; the largest double stays a number.
  const auto ratio = [](double error, double all) {
    if (error == 0) return 0.0;
    return all == 0 ? 1.7976931348623157e308 : error / all;
  };
  d.diff1 = ratio(error1, all1);
  d.diff2 = std::sqrt(ratio(error2, all2));
  return d;
}

Result<PictureQuality> Judge(const Picture& found, const Picture& expected) {
  PICABIA_ASSIGN_OR_RETURN(const Tensor f, AsTensor(found));
  PICABIA_ASSIGN_OR_RETURN(const Tensor e, AsTensor(expected));
  quant::Difference difference;
  PICABIA_RETURN_IF_ERROR(difference.Add(e, f));
  PictureQuality quality;
  quality.psnr = difference.psnr();
  quality.max_level = static_cast<int>(difference.max_error);
  PICABIA_ASSIGN_OR_RETURN(quality.ssim, quant::Ssim(e, f));
  return quality;
}

std::string VariantResult::Label() const {
  std::string label = BaseName(variant.model) + ", " + variant.device;
  if (!variant.precision.empty()) return label + " " + variant.precision;
  return arithmetic.empty() ? label : label + " " + arithmetic;
}

Result<Comparison> Compare(const CompareOptions& options) { return Comparer(options).Run(); }

}  // namespace picabia::studio
