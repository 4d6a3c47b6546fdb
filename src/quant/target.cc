// The search for a mix of precisions; see target.h.
#include "quant/target.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace picabia::quant {
namespace {

std::string Decibels(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f dB", value);
  return text;
}

class Search {
 public:
  Search(const Source& source, const Calibration& calibration, const Options& options,
         const Pictures& pictures, const TargetOptions& target)
      : source_(source),
        calibration_(calibration),
        options_(options),
        pictures_(pictures),
        target_(target),
        bits_(calibration.layers.size(), options.bits) {}

  Result<TargetResult> Run() {
    PICABIA_ASSIGN_OR_RETURN(const bool enough, FindOrder());
    if (enough) return Finish();
    if (options_.bits == 8) {
      PICABIA_ASSIGN_OR_RETURN(const bool reached, Raise(8, 16));
      if (reached) return Lower(16, 8);
    }
    PICABIA_ASSIGN_OR_RETURN(const bool reached, Raise(16, kFloatBits));
    if (!reached) result_.log.push_back("not even float layers reach the target");
    return Lower(kFloatBits, 16);
  }

 private:
  // Of the time, for finding out how much each layer harms; the rest is for mixes.
  static constexpr double kOrderShare = 0.5;

  double Spent() const {
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start_;
    return spent.count();
  }
  bool TimeIsUp() const { return Spent() > target_.seconds; }

  Result<std::vector<LayerPlan>> Plans() const {
    std::vector<LayerPlan> plans;
    for (size_t i = 0; i < bits_.size(); ++i) {
      PICABIA_ASSIGN_OR_RETURN(LayerPlan plan,
                               PlanLayer(calibration_, i, options_, source_.form, bits_[i]));
      plans.push_back(std::move(plan));
    }
    return plans;
  }

  Result<double> Score() {
    PICABIA_ASSIGN_OR_RETURN(const std::vector<LayerPlan> plans, Plans());
    EvaluateOptions output_only = target_.evaluate;
    output_only.layers = false;
    PICABIA_ASSIGN_OR_RETURN(const Evaluation evaluation,
                             Evaluate(source_, calibration_, plans, pictures_, output_only));
    if (!evaluation.is_picture) {
      return Unsupported("the output '" + target_.evaluate.output + "' has shape " +
                         ShapeString(evaluation.expected.shape()) +
                         ", which is no picture: it has no PSNR to reach");
    }
    result_.psnr = evaluation.picture.psnr();
    scored_ = bits_;
    std::string line = Decibels(result_.psnr) + " with";
    for (const int bits : {8, 16, kFloatBits}) {
      const auto count = std::count(bits_.begin(), bits_.end(), bits);
      if (count == 0) continue;
      line += " " + std::to_string(count) + " layers in " +
              (bits == kFloatBits ? "float" : std::to_string(bits) + " bits");
    }
    result_.log.push_back(line);
    return result_.psnr;
  }

  // Scores the plain form; where that is not enough, finds out how much each layer harms.
  Result<bool> FindOrder() {
    PICABIA_ASSIGN_OR_RETURN(const double psnr, Score());
    if (psnr >= target_.psnr) return true;
    PICABIA_ASSIGN_OR_RETURN(const std::vector<LayerPlan> plans, Plans());
    EvaluateOptions alone = target_.evaluate;
    alone.alone = true;
    alone.max_pictures = 1;
    alone.stop = [this] { return Spent() > target_.seconds * kOrderShare; };
    PICABIA_ASSIGN_OR_RETURN(const Evaluation evaluation,
                             Evaluate(source_, calibration_, plans, pictures_, alone));
    order_ = ByHarm(evaluation);
    return false;
  }

  void SetFirst(size_t count, int low, int high) {
    for (size_t i = 0; i < order_.size(); ++i) bits_[order_[i]] = i < count ? high : low;
  }

  // Raises the fewest layers from the front of the order; false: all of them are not enough.
  Result<bool> Raise(int low, int high) {
    size_t enough = order_.size(), few = 0;
    SetFirst(enough, low, high);
    PICABIA_ASSIGN_OR_RETURN(const double best, Score());
    if (best < target_.psnr) return false;
    while (enough - few > 1 && !TimeIsUp()) {
      const size_t middle = (few + enough) / 2;
      SetFirst(middle, low, high);
      PICABIA_ASSIGN_OR_RETURN(const double psnr, Score());
      (psnr >= target_.psnr ? enough : few) = middle;
    }
    SetFirst(enough, low, high);
    return true;
  }

  // Lowers single layers again, those that harm least first, as long as the target is kept.
  Result<TargetResult> Lower(int high, int low) {
    for (size_t i = order_.size(); i-- > 0 && !TimeIsUp();) {
      if (bits_[order_[i]] != high) continue;
      bits_[order_[i]] = low;
      PICABIA_ASSIGN_OR_RETURN(const double psnr, Score());
      if (psnr < target_.psnr) bits_[order_[i]] = high;
    }
    if (TimeIsUp()) result_.log.push_back("the time was up: fewer layers may do");
    if (scored_ != bits_) PICABIA_RETURN_IF_ERROR(Score().status());
    return Finish();
  }

  Result<TargetResult> Finish() {
    PICABIA_ASSIGN_OR_RETURN(result_.plans, Plans());
    return std::move(result_);
  }

  const Source& source_;
  const Calibration& calibration_;
  const Options& options_;
  const Pictures& pictures_;
  const TargetOptions& target_;
  std::vector<int> bits_, scored_;  // of each layer: now, and when it was scored last
  std::vector<size_t> order_;
  TargetResult result_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

Result<TargetResult> ReachTarget(const Source& source, const Calibration& calibration,
                                 const Options& options, const Pictures& pictures,
                                 const TargetOptions& target) {
  return Search(source, calibration, options, pictures, target).Run();
}

}  // namespace picabia::quant
