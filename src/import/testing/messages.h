// Builds the bytes of GraphDef and ModelProto messages for the tests of this folder, and imports
// them from memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <memory>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "import/source.h"
#include "ir/graph.h"
#include "ir/text.h"

namespace picabia::import::testing {

using Strings = std::vector<std::string>;
using Ints = std::vector<int64_t>;
using Floats = std::vector<float>;

inline std::string Write(const auto& fill) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  fill(writer);
  return bytes;
}

// ---- import from memory

// The copy has exactly the bytes' size, so that the address sanitizer sees a read past the end.
inline Source SourceOf(std::string_view bytes, std::string name = "m.pb") {
  std::shared_ptr<std::byte[]> copy(new std::byte[bytes.size() + (bytes.empty() ? 1 : 0)]);
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  const std::span<const std::byte> span(copy.get(), bytes.size());
  return {span, std::move(copy), std::move(name)};
}

// Every file that the tests import, good or bad, is a seed for the fuzzers: with PICABIA_SEED_DIR
// set the tests write them there.
inline void WriteSeed(std::string_view bytes) {
  constexpr size_t kLargestSeed = 4096;
  const char* folder = std::getenv("PICABIA_SEED_DIR");
  if (folder == nullptr || bytes.size() > kLargestSeed) return;
  const size_t hash = std::hash<std::string_view>()(bytes);
  std::ofstream(std::string(folder) + "/" + std::to_string(hash), std::ios::binary) << bytes;
}

inline Result<ir::Graph> Import(std::string_view bytes) {
  WriteSeed(bytes);
  return ImportSource(SourceOf(bytes));
}

// The graph as text, or the error.
inline std::string Text(std::string_view bytes) {
  const auto graph = Import(bytes);
  return graph.ok() ? ir::Print(*graph) : "error: " + graph.status().message();
}

// Only the nodes and outputs of the text, which begin with '%' or "output".
inline std::string Nodes(std::string_view bytes) {
  const std::string text = Text(bytes);
  if (text.starts_with("error: ")) return text;
  std::string nodes;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (line.starts_with('%') || line.starts_with("output ")) nodes += line + "\n";
    at = end + 1;
  }
  return nodes;
}

// The error, or a remark that there is none.
inline std::string Error(std::string_view bytes) {
  const auto graph = Import(bytes);
  return graph.ok() ? "imported:\n" + ir::Print(*graph) : graph.status().message();
}

template <typename T>
std::string RawBytes(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// ---- TensorFlow

namespace tf {

constexpr int kFloat = 1, kDouble = 2, kInt32 = 3, kUint8 = 4, kInt16 = 5, kInt8 = 6, kString = 7,
              kInt64 = 9, kBool = 10, kHalf = 19;

struct Attr {
  std::string key;
  std::string value;  // AttrValue
};

inline Attr Int(std::string key, int64_t v) {
  return {std::move(key), Write([&](auto& w) { w.add_int64(3, v); })};
}
inline Attr Bool(std::string key, bool v) {
  return {std::move(key), Write([&](auto& w) { w.add_bool(5, v); })};
}
inline Attr Float(std::string key, float v) {
  return {std::move(key), Write([&](auto& w) { w.add_float(4, v); })};
}
inline Attr String(std::string key, const std::string& v) {
  return {std::move(key), Write([&](auto& w) { w.add_bytes(2, v); })};
}
inline Attr Type(std::string key, int v) {
  return {std::move(key), Write([&](auto& w) { w.add_int32(6, v); })};
}
inline Attr List(std::string key, const Ints& v) {
  const std::string list = Write([&](auto& w) { w.add_packed_int64(3, v.begin(), v.end()); });
  return {std::move(key), Write([&](auto& w) { w.add_message(1, list); })};
}
inline std::string ShapeProto(const Ints& dims) {
  return Write([&](auto& w) {
    for (const int64_t d : dims) {
      w.add_message(2, Write([&](auto& dim) { dim.add_int64(1, d); }));
    }
  });
}
inline Attr Shape(std::string key, const Ints& dims) {
  return {std::move(key), Write([&](auto& w) { w.add_message(7, ShapeProto(dims)); })};
}
inline Attr UnknownShape(std::string key) {
  const std::string shape = Write([&](auto& w) { w.add_bool(3, true); });
  return {std::move(key), Write([&](auto& w) { w.add_message(7, shape); })};
}
// `rest` holds more fields of the TensorProto.
inline std::string TensorProto(int dtype, const Ints& dims, const std::string& rest) {
  return Write([&](auto& w) {
           w.add_int32(1, dtype);
           w.add_message(2, ShapeProto(dims));
         }) +
         rest;
}
inline std::string Content(const std::string& bytes) {
  return Write([&](auto& w) { w.add_bytes(4, bytes); });
}
inline Attr Tensor(std::string key, const std::string& tensor) {
  return {std::move(key), Write([&](auto& w) { w.add_message(8, tensor); })};
}

inline std::string Node(const std::string& name, const std::string& op, const Strings& inputs = {},
                        const std::vector<Attr>& attrs = {}) {
  return Write([&](auto& w) {
    w.add_string(1, name);
    w.add_string(2, op);
    for (const std::string& input : inputs) w.add_string(3, input);
    for (const Attr& a : attrs) {
      w.add_message(5, Write([&](auto& entry) {
                      entry.add_string(1, a.key);
                      entry.add_message(2, a.value);
                    }));
    }
  });
}

inline std::string Const(const std::string& name, int dtype, const Ints& dims,
                         const std::string& rest) {
  return Node(name, "Const", {},
              {Type("dtype", dtype), Tensor("value", TensorProto(dtype, dims, rest))});
}
inline std::string FloatConst(const std::string& name, const Ints& dims, const Floats& values) {
  return Const(name, kFloat, dims, Content(RawBytes(values)));
}
inline std::string IntConst(const std::string& name, const Ints& dims,
                            const std::vector<int32_t>& values) {
  return Const(name, kInt32, dims, Content(RawBytes(values)));
}
inline std::string Placeholder(const std::string& name, const Ints& dims, int dtype = kFloat) {
  return Node(name, "Placeholder", {}, {Type("dtype", dtype), Shape("shape", dims)});
}

inline std::string Graph(const Strings& nodes) {
  return Write([&](auto& w) {
    for (const std::string& n : nodes) w.add_message(1, n);
    w.add_message(4, Write([](auto& versions) { versions.add_int32(1, 38); }));
  });
}

}  // namespace tf

// ---- ONNX

namespace onnx {

constexpr int kFloat = 1, kUint8 = 2, kInt8 = 3, kInt16 = 5, kInt32 = 6, kInt64 = 7, kString = 8,
              kBool = 9, kHalf = 10, kDouble = 11;

inline std::string Attr(const std::string& name, int type, const std::string& value) {
  return Write([&](auto& w) { w.add_string(1, name); }) + value +
         Write([&](auto& w) { w.add_int32(20, type); });
}
inline std::string Int(const std::string& name, int64_t v) {
  return Attr(name, 2, Write([&](auto& w) { w.add_int64(3, v); }));
}
inline std::string Float(const std::string& name, float v) {
  return Attr(name, 1, Write([&](auto& w) { w.add_float(2, v); }));
}
inline std::string String(const std::string& name, const std::string& v) {
  return Attr(name, 3, Write([&](auto& w) { w.add_bytes(4, v); }));
}
inline std::string IntList(const std::string& name, const Ints& v) {
  return Attr(name, 7, Write([&](auto& w) {
                for (const int64_t i : v) w.add_int64(8, i);
              }));
}
inline std::string FloatList(const std::string& name, const Floats& v) {
  return Attr(name, 6, Write([&](auto& w) {
                for (const float f : v) w.add_float(7, f);
              }));
}

// `rest` holds more fields of the TensorProto.
inline std::string Tensor(const std::string& name, int dtype, const Ints& dims,
                          const std::string& rest) {
  return Write([&](auto& w) {
           for (const int64_t d : dims) w.add_int64(1, d);
           w.add_int32(2, dtype);
           w.add_string(8, name);
         }) +
         rest;
}
inline std::string Raw(const std::string& bytes) {
  return Write([&](auto& w) { w.add_bytes(9, bytes); });
}
inline std::string FloatTensor(const std::string& name, const Ints& dims, const Floats& values) {
  return Tensor(name, kFloat, dims, Raw(RawBytes(values)));
}
inline std::string IntTensor(const std::string& name, const Ints& dims, const Ints& values) {
  return Tensor(name, kInt64, dims, Raw(RawBytes(values)));
}
inline std::string TensorAttr(const std::string& name, const std::string& tensor) {
  return Attr(name, 4, Write([&](auto& w) { w.add_message(5, tensor); }));
}

inline std::string Node(const std::string& op, const Strings& inputs, const Strings& outputs,
                        const Strings& attrs = {}, const std::string& name = "",
                        const std::string& domain = "") {
  return Write([&](auto& w) {
    for (const std::string& i : inputs) w.add_string(1, i);
    for (const std::string& o : outputs) w.add_string(2, o);
    if (!name.empty()) w.add_string(3, name);
    w.add_string(4, op);
    for (const std::string& a : attrs) w.add_message(5, a);
    if (!domain.empty()) w.add_string(7, domain);
  });
}

// A dimension of -1 is written as a parameter.
inline std::string ValueInfo(const std::string& name, const Ints& dims, int dtype = kFloat) {
  const std::string shape = Write([&](auto& w) {
    for (const int64_t d : dims) {
      w.add_message(1, Write([&](auto& dim) {
                      if (d == -1) {
                        dim.add_string(2, "n");
                      } else {
                        dim.add_int64(1, d);
                      }
                    }));
    }
  });
  const std::string tensor = Write([&](auto& w) {
    w.add_int32(1, dtype);
    w.add_message(2, shape);
  });
  return Write([&](auto& w) {
    w.add_string(1, name);
    w.add_message(2, Write([&](auto& type) { type.add_message(1, tensor); }));
  });
}

struct Model {
  Strings nodes;
  Strings inputs;
  Strings outputs;
  Strings initializers;
  int64_t opset = 17;
  int64_t ir_version = 8;

  std::string GraphBytes() const {
    return Write([&](auto& w) {
      for (const std::string& n : nodes) w.add_message(1, n);
      w.add_string(2, "g");
      for (const std::string& t : initializers) w.add_message(5, t);
      for (const std::string& i : inputs) w.add_message(11, i);
      for (const std::string& o : outputs) w.add_message(12, o);
    });
  }
  std::string Bytes() const {
    return Write([&](auto& w) {
      w.add_int64(1, ir_version);
      w.add_string(2, "a test");
      w.add_message(8, Write([&](auto& o) { o.add_int64(2, opset); }));
      w.add_message(7, GraphBytes());
    });
  }
};

}  // namespace onnx

}  // namespace picabia::import::testing
