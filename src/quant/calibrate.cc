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

// Whether a layer with this filter has an integer form; also turns an axis that counts from the
// end.
bool IsFilter(const Tensor& filter, Layer& layer) {
  if (layer.channel_axis < 0) layer.channel_axis += filter.rank();
  return filter.dtype() == DType::kF32 && layer.channel_axis >= 0 &&
         layer.channel_axis < filter.rank() && filter.num_elements() > 0;
}

Status CheckFinite(const Layer& layer, const Tensor& filter) {
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
  std::vector<Layer> layers;
  std::swap(layers, calibration.layers);
  for (size_t i = 0; i < layers.size(); ++i) {
    Layer& layer = layers[i];
    const Tensor& filter = result.outputs[filters[i]];
    if (!IsFilter(filter, layer)) {
      calibration.notes.push_back("node '" + layer.node + "' (" + layer.op +
                                  ") stays float: its filter '" + layer.filter + "' is " +
                                  DTypeName(filter.dtype()) + " " + ShapeString(filter.shape()));
      continue;
    }
    PICABIA_RETURN_IF_ERROR(CheckFinite(layer, filter));
    calibration.filters.push_back(filter);
    Range range;
    if (!layer.sizes.empty()) {
      PICABIA_ASSIGN_OR_RETURN(range, RangeOf(result.outputs[sizes[i]]));
    }
    calibration.sizes.push_back(range);
    calibration.layers.push_back(std::move(layer));
  }
  return OkStatus();
}

Status NoLayers(const std::vector<std::string>& notes) {
  std::string all;
  for (const std::string& note : notes) all += "; " + note;
  return Unsupported("the model has no convolution or matrix product that can be quantized" + all);
}

}  // namespace

Result<Calibration> Calibrate(const Source& source, const Pictures& pictures,
                              const std::function<void(size_t)>& progress) {
  Calibration calibration;
  PICABIA_ASSIGN_OR_RETURN(Layers found, FindLayers(source.form, source.bytes, source.wanted));
  if (found.layers.empty()) return NoLayers(found.notes);
  if (pictures.count == 0) return InvalidArgument("there are no pictures to calibrate with");
  calibration.layers = std::move(found.layers);
  calibration.notes = std::move(found.notes);
  PICABIA_RETURN_IF_ERROR(ReadConstants(source, pictures, calibration));
  if (calibration.layers.empty()) return NoLayers(calibration.notes);

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
