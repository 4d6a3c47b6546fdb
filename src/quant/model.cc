// Chooses the file form; see model.h.
#include "quant/model.h"

#include "quant/forms.h"

namespace picabia::quant {

Result<Layers> FindLayers(Form form, std::string_view model, const Kinds& wanted) {
  return form == Form::kOnnx ? FindOnnxLayers(model, wanted) : FindTensorFlowLayers(model, wanted);
}

Result<std::string> WriteModel(Form form, std::string_view model, const std::vector<Layer>& layers,
                               const std::vector<LayerPlan>& plans, const std::string& record) {
  return form == Form::kOnnx ? WriteOnnxModel(model, layers, plans, record)
                             : WriteTensorFlowModel(model, layers, plans, record);
}

}  // namespace picabia::quant
