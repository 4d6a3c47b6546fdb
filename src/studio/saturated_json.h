// The means that saturate on device mlu as JSON: what `run --saturation` and a comparison print.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "devices/mlu/device.h"

namespace picabia::studio {

nlohmann::ordered_json SaturatedJson(const std::vector<mlu::SaturatedMean>& means);

}  // namespace picabia::studio
