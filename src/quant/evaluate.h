// What quantizing costs: layers and pictures of the quantized model against the float one. Called
// by the command line, for its summary and report, and by the search for a target.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/picture.h"
#include "quant/metrics.h"
#include "quant/quantize.h"

namespace picabia::quant {

struct LayerQuality {
  Difference together;    // its output, everything before it quantized, too
  Difference alone;       // its output, all else in float; empty unless asked for
  Difference picture;     // the model's output, all other layers in float; empty unless asked for
  double saturated = 0;   // share of its input's values beyond the range
  double time_share = 0;  // of the time of all layers of the quantized model
};

struct Evaluation {
  std::vector<LayerQuality> layers;
  bool is_picture = true;  // the model's output; else its numbers are compared as they are
  Difference picture;      // of all pictures, as pixels
  double ssim = 0;         // mean; 0 where the output is no picture
  Tensor expected, found;  // the first picture's outputs as pixels

  // How good the model's output is, in dB: PSNR of a picture, signal to noise of other numbers.
  double quality() const { return QualityOf(picture); }
  double QualityOf(const Difference& output) const {
    return is_picture ? output.psnr() : output.sqnr();
  }
};

struct EvaluateOptions {
  std::string output;  // the tensor that is the picture
  PictureConvention convention;
  size_t max_pictures = 1;
  bool layers = true;          // fill LayerQuality::together: outputs of layers are kept
  bool alone = false;          // fill LayerQuality::alone and ::picture: one more model a layer
  std::function<bool()> stop;  // ends the work on layers alone; may be empty
};

Result<Evaluation> Evaluate(const Source& source, const Calibration& calibration,
                            const std::vector<LayerPlan>& plans, const Pictures& pictures,
                            const EvaluateOptions& options);

// The indices of the layers, those that harm most first: by LayerQuality::picture where that was
// is there, then by ::together.
std::vector<size_t> ByHarm(const Evaluation& evaluation);

}  // namespace picabia::quant
