// Reading and writing of .npy: magic "\x93NUMPY", version, header length, a Python dict as text,
// the elements.
#include "base/npy.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/checked.h"
#include "base/file.h"

namespace picabia {
namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr size_t kMagicSize = 6;
constexpr int kMaxRank = 32;  // NumPy's own limit

struct Descr {
  DType dtype;
  const char* text;
};
constexpr Descr kDescrs[] = {
    {DType::kF32, "<f4"},  {DType::kF16, "<f2"}, {DType::kF64, "<f8"}, {DType::kI8, "|i1"},
    {DType::kU8, "|u1"},   {DType::kI16, "<i2"}, {DType::kI32, "<i4"}, {DType::kI64, "<i8"},
    {DType::kBool, "|b1"}, {DType::kU16, "<u2"}, {DType::kU32, "<u4"}, {DType::kU64, "<u8"},
};

struct Header {
  DType dtype = DType::kF32;
  bool fortran = false;
  Shape shape;
};

// The text between the quotes, or of the value, that follows 'key': in the header's dict.
std::optional<std::string_view> FieldAfter(std::string_view dict, std::string_view key) {
  const size_t at = dict.find("'" + std::string(key) + "'");
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = dict.substr(at + key.size() + 2);
  const size_t start = rest.find_first_not_of(" :");
  if (start == std::string_view::npos) return std::nullopt;
  return rest.substr(start);
}

Result<Shape> ParseShape(std::string_view text) {
  const size_t close = text.find(')');
  if (text.empty() || text[0] != '(' || close == std::string_view::npos) {
    return InvalidArgument("npy header: 'shape' is not a tuple");
  }
  Shape shape;
  int64_t current = -1;
  for (char c : text.substr(1, close - 1)) {
    if (c >= '0' && c <= '9') {
      const auto scaled = CheckedMul(std::max<int64_t>(current, 0), 10);
      const auto next = scaled ? CheckedAdd(*scaled, c - '0') : std::nullopt;
      if (!next) return InvalidArgument("npy header: a dimension is too large");
      current = *next;
    } else if (c == ',') {
      if (current < 0) return InvalidArgument("npy header: an empty dimension");
      shape.push_back(std::exchange(current, -1));
    } else if (c != ' ' && c != 'L') {
      return InvalidArgument("npy header: 'shape' holds something else than numbers");
    }
    if (shape.size() > kMaxRank) return InvalidArgument("npy header: more than 32 dimensions");
  }
  if (current >= 0) shape.push_back(current);
  return shape;
}

Result<Header> ParseHeader(std::string_view dict) {
  Header header;
  const auto descr = FieldAfter(dict, "descr");
  if (!descr || descr->empty() || descr->front() != '\'') {
    return Unsupported("npy header: element type is not a simple one");
  }
  const std::string_view name = descr->substr(1, descr->find('\'', 1) - 1);
  const auto* row = std::find_if(std::begin(kDescrs), std::end(kDescrs), [&](const Descr& d) {
    return name == d.text || (name.size() == 3 && name[0] == '=' && name.substr(1) == d.text + 1);
  });
  if (row == std::end(kDescrs)) {
    return Unsupported("npy element type '" + std::string(name.substr(0, 16)) +
                       "'; expected little-endian float, integer or bool");
  }
  header.dtype = row->dtype;
  const auto order = FieldAfter(dict, "fortran_order");
  if (!order) return InvalidArgument("npy header: 'fortran_order' is missing");
  header.fortran = order->starts_with("True");
  const auto shape = FieldAfter(dict, "shape");
  if (!shape) return InvalidArgument("npy header: 'shape' is missing");
  PICABIA_ASSIGN_OR_RETURN(header.shape, ParseShape(*shape));
  return header;
}

// Copies column-major elements into row-major order.
void CopyFortran(const std::byte* from, Tensor& to) {
  const size_t size = DTypeSize(to.dtype());
  const Shape& shape = to.shape();
  std::vector<int64_t> index(shape.size(), 0);
  std::vector<int64_t> stride(shape.size(), 1);  // in elements of `from`
  for (size_t i = 1; i < shape.size(); ++i) stride[i] = stride[i - 1] * shape[i - 1];
  std::byte* out = to.MutableData<std::byte>();
  for (int64_t n = 0; n < to.num_elements(); ++n) {
    int64_t offset = 0;
    for (size_t i = 0; i < index.size(); ++i) offset += index[i] * stride[i];
    std::memcpy(out + static_cast<size_t>(n) * size, from + static_cast<size_t>(offset) * size,
                size);
    for (size_t i = index.size(); i-- > 0;) {
      if (++index[i] < shape[i]) break;
      index[i] = 0;
    }
  }
}

}  // namespace

Result<Tensor> ParseNpy(std::span<const std::byte> bytes) {
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  if (bytes.size() < 10 || std::memcmp(text, kMagic, kMagicSize) != 0) {
    return InvalidArgument("not a .npy file (it does not begin with \\x93NUMPY)");
  }
  const auto byte = [&](size_t i) { return static_cast<size_t>(bytes[i]); };
  const size_t major = byte(6);
  if (major < 1 || major > 3) {
    return Unsupported(".npy version " + std::to_string(major) + ", expected 1 to 3");
  }
  const size_t prefix = major == 1 ? 10 : 12;
  if (bytes.size() < prefix) return InvalidArgument(".npy file is cut in its header");
  size_t length = byte(8) | byte(9) << 8;
  if (major > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > bytes.size() - prefix) return InvalidArgument(".npy file is cut in its header");
  PICABIA_ASSIGN_OR_RETURN(const Header header, ParseHeader({text + prefix, length}));
  const std::span<const std::byte> body = bytes.subspan(prefix + length);
  const auto count = CheckedProduct(header.shape);
  const auto size =
      count ? CheckedMul(*count, static_cast<int64_t>(DTypeSize(header.dtype))) : std::nullopt;
  if (!size || static_cast<size_t>(*size) != body.size()) {
    return InvalidArgument(".npy header says shape " + ShapeString(header.shape) + " of " +
                           DTypeName(header.dtype) + ", found " + std::to_string(body.size()) +
                           " bytes of data");
  }
  PICABIA_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Create(header.dtype, header.shape));
  if (header.fortran && header.shape.size() > 1) {
    CopyFortran(body.data(), tensor);
  } else if (!body.empty()) {
    std::memcpy(tensor.MutableData<std::byte>(), body.data(), body.size());
  }
  return tensor;
}

std::string FormatNpy(const Tensor& tensor) {
  std::string shape;
  for (int64_t d : tensor.shape()) shape += std::to_string(d) + ", ";
  if (tensor.rank() > 1) shape.resize(shape.size() - 2);
  if (tensor.rank() == 1) shape.resize(shape.size() - 1);
  std::string dict = "{'descr': '";
  dict += std::find_if(std::begin(kDescrs), std::end(kDescrs), [&](const Descr& d) {
            return d.dtype == tensor.dtype();
          })->text;
  dict += "', 'fortran_order': False, 'shape': (" + shape + "), }";
  // The data begins at a multiple of 64 bytes; the header ends with a newline.
  const size_t total = static_cast<size_t>(RoundUp(static_cast<int64_t>(10 + dict.size() + 1), 64));
  dict.resize(total - 10 - 1, ' ');
  dict += '\n';
  std::string out(kMagic, kMagicSize);
  out +=
      {'\x01', '\x00', static_cast<char>(dict.size() & 0xFF), static_cast<char>(dict.size() >> 8)};
  out += dict;
  out.append(reinterpret_cast<const char*>(tensor.bytes()), tensor.num_bytes());
  return out;
}

Result<Tensor> ReadNpy(const std::string& path) {
  PICABIA_ASSIGN_OR_RETURN(const auto file, FileBytes::Open(path));
  auto tensor = ParseNpy(file->bytes());
  if (!tensor.ok()) return tensor.status().WithContext(path);
  return tensor;
}

Status WriteNpy(const std::string& path, const Tensor& tensor) {
  return WriteFileAtomically(path, FormatNpy(tensor));
}

}  // namespace picabia
