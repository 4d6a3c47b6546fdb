// The search for a mix of precisions; see target.h.
#include "quant/target.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>

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
      PICABIA_ASSIGN_OR_RETURN(const bool reached, Raise(8, 16, Guess()));
      if (reached) return Lower(16, 8);
    }
    PICABIA_ASSIGN_OR_RETURN(const bool reached, Raise(16, kFloatBits, order_.size() / 2));
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

  // PSNR of the mix in bits_.
  Result<double> Score() {
    if (const auto it = scores_.find(bits_); it != scores_.end()) return it->second;
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
    const double psnr = scores_[bits_] = evaluation.picture.psnr();
    std::string line = Decibels(psnr) + " with", comma = " ";
    for (const int bits : {8, 16, kFloatBits}) {
      const auto count = std::count(bits_.begin(), bits_.end(), bits);
      if (count == 0) continue;
      line += comma + std::to_string(count) + (count == 1 ? " layer in " : " layers in ") +
              (bits == kFloatBits ? "float" : std::to_string(bits) + " bits");
      comma = ", ";
    }
    result_.log.push_back(line);
    return psnr;
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
    for (const size_t i : order_) harm_.push_back(evaluation.layers[i].picture);
    return false;
  }

  void SetFirst(size_t count, int low, int high) {
    for (size_t i = 0; i < order_.size(); ++i) bits_[order_[i]] = i < count ? high : low;
  }

  // How many layers to raise if each added the noise that it makes alone, and those raised none.
  size_t Guess() const {
    const double peak = 255.0 * 255.0, most = peak / std::pow(10, target_.psnr / 10);
    double noise = 0;
    for (size_t i = order_.size(); i > 0; --i) {
      const Difference& alone = harm_[i - 1];
      if (alone.count == 0) return order_.size();  // it was not measured: there was no time
      noise += alone.noise / double(alone.count);
      if (noise > most) return i;
    }
    return 1;
  }

  // Raises the fewest layers from the front of the order; false: all of them are not enough. Looks
  // around `guess` first, in steps that double; then halves what is left.
  Result<bool> Raise(int low, int high, size_t guess) {
    size_t few = 0, enough = order_.size() + 1;  // those that have been tried
    size_t next = std::clamp<size_t>(guess, 1, order_.size()), step = 1;
    while (enough - few > 1 && !TimeIsUp()) {
      SetFirst(next, low, high);
      PICABIA_ASSIGN_OR_RETURN(const double psnr, Score());
      (psnr >= target_.psnr ? enough : few) = next;
      if (few == order_.size()) return false;
      if (enough > order_.size()) {
        next = std::min(few + step, order_.size());
      } else if (few == 0) {
        next = std::max<size_t>(enough - std::min(step, enough - 1), 1);
      } else {
        next = (few + enough) / 2;
      }
      step *= 2;
    }
    if (enough > order_.size()) {
      result_.log.push_back("the time was up before a mix was found: all layers are raised");
      enough = order_.size();
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
    const bool said = result_.log.back().starts_with("the time was up");
    if (TimeIsUp() && !said) result_.log.push_back("the time was up: fewer layers may do");
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
  std::vector<int> bits_;         // of each layer
  std::vector<size_t> order_;     // of the layers, the most harmful first
  std::vector<Difference> harm_;  // in that order: the picture, with it alone in integers
  std::map<std::vector<int>, double> scores_;  // of the mixes that were tried
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
