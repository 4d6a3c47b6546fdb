// Writes the report of a quantization: pictures become PNGs inside the page.
#pragma once

#include <string>

#include "base/picture.h"
#include "base/status.h"
#include "quant/report.h"

namespace picabia::studio {

// Fills in the pictures of the report and writes `folder`/report.html and report.json; the folder
// is made.
Status WriteReport(quant::Report report, const PictureConvention& convention,
                   const std::string& folder);

}  // namespace picabia::studio
