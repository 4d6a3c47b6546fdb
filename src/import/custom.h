// Nodes whose type is a loaded operator: what both importers do with them.
#pragma once

#include <string>

#include "base/status.h"
#include "import/compose.h"
#include "ops/custom.h"

namespace picabia::import {

// Operators that are loaded, and the type by which one of them is found.
struct CustomType {
  std::string type;
  ops::CustomPointer implementation;  // null: none is loaded
};

// The node as a Custom, with all its attributes. An error for an attribute that is no number, list
// of numbers, string or type, and for an input that is left out.
Result<ir::ValueId> ConvertCustom(ConverterContext& context, const CustomType& custom);

}  // namespace picabia::import
