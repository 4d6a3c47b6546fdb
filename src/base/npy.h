// NumPy .npy files, format versions 1.0 to 3.0: little-endian, C or Fortran order on reading, C
// order on writing. Float, integer and bool element types of DType. Called by the command line and
// tests.
#pragma once

#include <span>
#include <string>

#include "base/status.h"
#include "base/tensor.h"

namespace picabia {

// Parses the bytes of a .npy file. Refuses object arrays, big-endian data, unknown types and a
// length that is not that of the header's shape.
Result<Tensor> ParseNpy(std::span<const std::byte> bytes);
// The bytes of a version 1.0 .npy file.
std::string FormatNpy(const Tensor& tensor);

Result<Tensor> ReadNpy(const std::string& path);
// Appears whole or not at all.
Status WriteNpy(const std::string& path, const Tensor& tensor);

}  // namespace picabia
