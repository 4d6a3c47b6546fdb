// Pictures as pages show them. Called by the reports of quantize and compare.
#pragma once

#include <string>

#include "base/status.h"
#include "studio/picture.h"

namespace picabia::studio {

// A PNG file in base64.
Result<std::string> PngBase64(const Picture& picture);

constexpr double kFullDifference = 64;  // of 255: a difference that anybody sees

// Black, red, yellow, white: how far the farthest channel of each pixel is off; white from `full`
// on. Both pictures are of one size.
Picture DifferenceMap(const Picture& a, const Picture& b, double full);

}  // namespace picabia::studio
