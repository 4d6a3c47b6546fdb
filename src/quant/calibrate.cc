// Runs of the float model over the pictures; see quantize.h.
#include <algorithm>
#include <cmath>

#include "quant/quantize.h"

namespace picabia::quant {
namespace {

// The tensors to fetch, each once: the inputs of the layers, then filters and sizes.
class Fetches {
 public:
  size_t Add(const std::string& name) {
    const auto it = std::find(names_.begin(), names_.end(), name);
    if (it != names_.end()) return static_cast<size_t>(it - names_.begin());
    names_.push_back(name);
    return names_.size() - 1;
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

Result<Range> RangeOf(const Tensor& tensor) {
  PICABIA_ASSIGN_OR_RETURN(const std::vector<float> values, FloatValues(tensor));
  if (values.empty()) return Range{};
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return Range{*low, *high};
}

Status CheckFilter(const Layer& layer, const Tensor& filter) {
  if (filter.dtype() != DType::kF32 || filter.rank() <= layer.channel_axis) {
    return Unsupported("node '" + layer.node + "': the filter '" + layer.filter + "' is " +
                       DTypeName(filter.dtype()) + " " + ShapeString(filter.shape()) +
                       ", expected float32 of 4 dimensions");
  }
  for (int64_t i = 0; i < filter.num_elements(); ++i) {
    if (std::isfinite(filter.data<float>()[i])) continue;
    return InvalidModel("node '" + layer.node + "': the filter '" + layer.filter + "' has " +
                        std::to_string(filter.data<float>()[i]) + " at element " +
                        std::to_string(i) + ", expected numbers");
  }
  return OkStatus();
}

// Filters and sizes, which are the same for every picture.
Status ReadConstants(const Source& source, const Pictures& pictures, Calibration& calibration) {
  Fetches fetches;
  std::vector<size_t> filters, sizes;
  for (const Layer& layer : calibration.layers) filters.push_back(fetches.Add(layer.filter));
  for (const Layer& layer : calibration.layers)
    sizes.push_back(layer.sizes.empty() ? 0 : fetches.Add(layer.sizes));
  PICABIA_ASSIGN_OR_RETURN(const RunFunction run,
                           source.open(std::string(source.bytes), source.feeds, fetches.names()));
  PICABIA_ASSIGN_OR_RETURN(const Feeds feeds, pictures.load(0));
  PICABIA_ASSIGN_OR_RETURN(const RunResult result, run(feeds));
  for (size_t i = 0; i < calibration.layers.size(); ++i) {
    const Layer& layer = calibration.layers[i];
    const Tensor& filter = result.outputs[filters[i]];
    PICABIA_RETURN_IF_ERROR(CheckFilter(layer, filter));
    calibration.filters.push_back(filter);
    Range range;
    if (!layer.sizes.empty()) {
      PICABIA_ASSIGN_OR_RETURN(range, RangeOf(result.outputs[sizes[i]]));
    }
    calibration.sizes.push_back(range);
  }
  return OkStatus();
}

}  // namespace

Result<Calibration> Calibrate(const Source& source, const Pictures& pictures,
                              const std::function<void(size_t)>& progress) {
  Calibration calibration;
  PICABIA_ASSIGN_OR_RETURN(Layers found, FindLayers(source.form, source.bytes));
  if (found.layers.empty()) {
    std::string notes;
    for (const std::string& note : found.notes) notes += "; " + note;
    return Unsupported("the model has no convolution that can be quantized" + notes);
  }
  if (pictures.count == 0) return InvalidArgument("there are no pictures to calibrate with");
  calibration.layers = std::move(found.layers);
  calibration.notes = std::move(found.notes);
  PICABIA_RETURN_IF_ERROR(ReadConstants(source, pictures, calibration));

  Fetches fetches;
  for (const Layer& layer : calibration.layers)
    calibration.histogram_of.push_back(fetches.Add(layer.input));
  calibration.histograms.resize(fetches.names().size());
  PICABIA_ASSIGN_OR_RETURN(const RunFunction run,
                           source.open(std::string(source.bytes), source.feeds, fetches.names()));
  for (size_t i = 0; i < pictures.count; ++i) {
    PICABIA_ASSIGN_OR_RETURN(const Feeds feeds, pictures.load(i));
    PICABIA_ASSIGN_OR_RETURN(const RunResult result, run(feeds));
    for (size_t k = 0; k < fetches.names().size(); ++k) {
      PICABIA_ASSIGN_OR_RETURN(const std::vector<float> values, FloatValues(result.outputs[k]));
      const Status added = calibration.histograms[k].Add(values);
      PICABIA_RETURN_IF_ERROR(added.WithContext("tensor '" + fetches.names()[k] + "'"));
    }
    if (progress) progress(i + 1);
  }
  return calibration;
}

}  // namespace picabia::quant
