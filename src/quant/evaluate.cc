// Quantized models against float ones; see evaluate.h.
#include "quant/evaluate.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "quant/scale.h"

namespace picabia::quant {
namespace {

std::vector<std::string> FetchNames(const Calibration& calibration,
                                    const EvaluateOptions& options) {
  std::vector<std::string> names;
  const std::string& output = options.output;
  for (const Layer& layer : calibration.layers) {
    if (options.layers || options.alone) names.push_back(layer.output);
  }
  if (std::find(names.begin(), names.end(), output) == names.end()) names.push_back(output);
  return names;
}

const Tensor& OutputOf(const RunResult& result, const std::vector<std::string>& names,
                       const std::string& output) {
  const auto it = std::find(names.begin(), names.end(), output);
  return result.outputs[static_cast<size_t>(it - names.begin())];
}

// The values that a layer's integers can stand for.
Range Representable(const LayerPlan& plan, Form form) {
  const double levels = plan.bits == 8 ? 255 : 65535;
  if (form == Form::kOnnx) {
    const AffineScale affine = AffineScaleOf(plan.input, plan.bits);
    return {static_cast<float>(-double(affine.zero) * affine.scale),
            static_cast<float>((levels - affine.zero) * affine.scale)};
  }
  const double step = 1 / double(SymmetricScale(plan.input, plan.bits));
  // Half a step beyond the last level still rounds to it.
  return {static_cast<float>(-((levels + 1) / 2 + 0.5) * step),
          static_cast<float>(((levels - 1) / 2 + 0.5) * step)};
}

// The time of each layer in one run, in ms. Their outputs are fetched, so that nothing is run
// together with them; 16 bits are steps named NODE/....
std::vector<double> TimesOf(const RunResult& result, const Calibration& calibration) {
  std::vector<double> own(calibration.layers.size(), 0);
  for (size_t i = 0; i < own.size(); ++i) {
    const std::string& node = calibration.layers[i].node;
    for (const StepTime& step : result.times) {
      if (step.name == node || step.name.starts_with(node + "/")) own[i] += step.ms;
    }
  }
  return own;
}

class Evaluator {
 public:
  Evaluator(const Source& source, const Calibration& calibration,
            const std::vector<LayerPlan>& plans, const Pictures& pictures,
            const EvaluateOptions& options)
      : source_(source),
        calibration_(calibration),
        plans_(plans),
        pictures_(pictures),
        options_(options),
        names_(FetchNames(calibration, options)) {
    result_.layers.resize(calibration.layers.size());
  }

  Result<Evaluation> Run() {
    PICABIA_ASSIGN_OR_RETURN(float_,
                             source_.open(std::string(source_.bytes), source_.feeds, names_));
    PICABIA_ASSIGN_OR_RETURN(const std::string model, WriteModel(source_.form, source_.bytes,
                                                                 calibration_.layers, plans_, ""));
    PICABIA_ASSIGN_OR_RETURN(const RunFunction run, source_.open(model, source_.feeds, names_));
    const size_t count = std::min(options_.max_pictures, pictures_.count);
    for (size_t i = 0; i < count; ++i) {
      PICABIA_RETURN_IF_ERROR(ComparePicture(i, run));
    }
    result_.ssim /= double(std::max<size_t>(count, 1));
    const double all = std::accumulate(times_.begin(), times_.end(), 0.0);
    for (size_t i = 0; i < times_.size() && all > 0; ++i)
      result_.layers[i].time_share = times_[i] / all;
    for (size_t i = 0; i < plans_.size(); ++i) {
      if (plans_[i].bits == kFloatBits) continue;
      result_.layers[i].saturated =
          calibration_.histogram(i).ShareOutside(Representable(plans_[i], source_.form));
    }
    return std::move(result_);
  }

 private:
  Status ComparePicture(size_t i, const RunFunction& run) {
    PICABIA_ASSIGN_OR_RETURN(const Feeds feeds, pictures_.load(i));
    PICABIA_ASSIGN_OR_RETURN(const RunResult expected, float_(feeds));
    PICABIA_ASSIGN_OR_RETURN(const RunResult found, run(feeds));
    const std::vector<double> times = TimesOf(found, calibration_);
    if (times_.empty()) times_ = times;
    // The least of all pictures: whatever else runs on the machine only adds.
    for (size_t k = 0; k < times.size(); ++k) times_[k] = std::min(times_[k], times[k]);
    for (size_t k = 0; k < result_.layers.size() && WantsLayers(); ++k) {
      PICABIA_RETURN_IF_ERROR(
          result_.layers[k].together.Add(expected.outputs[k], found.outputs[k]));
    }
    PICABIA_ASSIGN_OR_RETURN(const Tensor e, Pixels(expected, names_));
    PICABIA_ASSIGN_OR_RETURN(const Tensor f, Pixels(found, names_));
    PICABIA_RETURN_IF_ERROR(result_.picture.Add(e, f));
    if (result_.is_picture) {
      PICABIA_ASSIGN_OR_RETURN(const double ssim, Ssim(e, f));
      result_.ssim += ssim;
    }
    if (i == 0) {
      result_.expected = e;
      result_.found = f;
    }
    return options_.alone ? CompareAlone(feeds, expected, e) : OkStatus();
  }

  bool WantsLayers() const { return options_.layers || options_.alone; }

  Result<Tensor> Pixels(const RunResult& result, const std::vector<std::string>& names) {
    const Tensor& output = OutputOf(result, names, options_.output);
    result_.is_picture = IsPicture(output, options_.convention);
    if (!result_.is_picture) return output;
    auto pixels = AsPixels(output, options_.convention);
    if (!pixels.ok()) return pixels.status().WithContext("output '" + options_.output + "'");
    return pixels;
  }

  Status CompareAlone(const Feeds& feeds, const RunResult& expected, const Tensor& picture) {
    for (size_t k = 0; k < plans_.size(); ++k) {
      if (plans_[k].bits == kFloatBits) continue;
      if (options_.stop && options_.stop()) break;
      std::vector<LayerPlan> only(plans_.size());
      only[k] = plans_[k];
      PICABIA_ASSIGN_OR_RETURN(const std::string model, WriteModel(source_.form, source_.bytes,
                                                                   calibration_.layers, only, ""));
      const std::vector<std::string> names{calibration_.layers[k].output, options_.output};
      const bool same = names[0] == names[1];
      PICABIA_ASSIGN_OR_RETURN(
          const RunFunction run,
          source_.open(model, source_.feeds, same ? std::vector<std::string>{names[0]} : names));
      PICABIA_ASSIGN_OR_RETURN(const RunResult found, run(feeds));
      LayerQuality& layer = result_.layers[k];
      PICABIA_RETURN_IF_ERROR(layer.alone.Add(expected.outputs[k], found.outputs[0]));
      PICABIA_ASSIGN_OR_RETURN(const Tensor pixels, Pixels(found, names));
      PICABIA_RETURN_IF_ERROR(layer.picture.Add(picture, pixels));
    }
    return OkStatus();
  }

  const Source& source_;
  const Calibration& calibration_;
  const std::vector<LayerPlan>& plans_;
  const Pictures& pictures_;
  const EvaluateOptions& options_;
  std::vector<std::string> names_;
  std::vector<double> times_;  // of the layers, in ms
  RunFunction float_;
  Evaluation result_;
};

}  // namespace

Result<Evaluation> Evaluate(const Source& source, const Calibration& calibration,
                            const std::vector<LayerPlan>& plans, const Pictures& pictures,
                            const EvaluateOptions& options) {
  return Evaluator(source, calibration, plans, pictures, options).Run();
}

std::vector<size_t> ByHarm(const Evaluation& evaluation) {
  std::vector<size_t> order(evaluation.layers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto quality = [&](size_t i) {
    const LayerQuality& layer = evaluation.layers[i];
    const bool measured = layer.picture.count > 0;
    return std::pair(!measured,
                     measured ? evaluation.QualityOf(layer.picture) : layer.together.sqnr());
  };
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(quality(a), a) < std::pair(quality(b), b);
  });
  return order;
}

}  // namespace picabia::quant
