// The two file forms behind FindLayers() and WriteModel().
#pragma once

#include "quant/model.h"

namespace picabia::quant {

Result<Layers> FindTensorFlowLayers(std::string_view model, const Kinds& wanted);
Result<std::string> WriteTensorFlowModel(std::string_view model, const std::vector<Layer>& layers,
                                         const std::vector<LayerPlan>& plans,
                                         const std::string& record);

Result<Layers> FindOnnxLayers(std::string_view model, const Kinds& wanted);
Result<std::string> WriteOnnxModel(std::string_view model, const std::vector<Layer>& layers,
                                   const std::vector<LayerPlan>& plans, const std::string& record);

}  // namespace picabia::quant
