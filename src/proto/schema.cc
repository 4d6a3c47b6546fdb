// Tables of messages; names and numbers are those of TensorFlow's graph.proto, node_def.proto,
// attr_value.proto, tensor.proto, tensor_shape.proto, types.proto and versions.proto, and of
// onnx.proto.
#include "proto/schema.h"

namespace picabia::proto {
namespace {

// ---- TensorFlow

constexpr EnumName kDataTypes[] = {
    {1, "DT_FLOAT"},    {2, "DT_DOUBLE"},      {3, "DT_INT32"},   {4, "DT_UINT8"},
    {5, "DT_INT16"},    {6, "DT_INT8"},        {7, "DT_STRING"},  {8, "DT_COMPLEX64"},
    {9, "DT_INT64"},    {10, "DT_BOOL"},       {11, "DT_QINT8"},  {12, "DT_QUINT8"},
    {13, "DT_QINT32"},  {14, "DT_BFLOAT16"},   {15, "DT_QINT16"}, {16, "DT_QUINT16"},
    {17, "DT_UINT16"},  {18, "DT_COMPLEX128"}, {19, "DT_HALF"},   {20, "DT_RESOURCE"},
    {21, "DT_VARIANT"}, {22, "DT_UINT32"},     {23, "DT_UINT64"}};

constexpr FieldType kDimFields[] = {{1, "size", Kind::kInt}, {2, "name", Kind::kString}};
constexpr MessageType kDim{kDimFields};

constexpr FieldType kShapeFields[] = {{2, "dim", Kind::kMessage, false, &kDim},
                                      {3, "unknown_rank", Kind::kBool}};
constexpr MessageType kShape{kShapeFields};

constexpr FieldType kTensorFields[] = {{1, "dtype", Kind::kEnum, false, nullptr, kDataTypes},
                                       {2, "tensor_shape", Kind::kMessage, false, &kShape},
                                       {3, "version_number", Kind::kInt},
                                       {4, "tensor_content", Kind::kBytes},
                                       {5, "float_val", Kind::kFloat, true},
                                       {6, "double_val", Kind::kDouble, true},
                                       {7, "int_val", Kind::kInt, true},
                                       {8, "string_val", Kind::kBytes},
                                       {9, "scomplex_val", Kind::kFloat, true},
                                       {10, "int64_val", Kind::kInt, true},
                                       {11, "bool_val", Kind::kBool, true},
                                       {12, "dcomplex_val", Kind::kDouble, true},
                                       {13, "half_val", Kind::kInt, true},
                                       {16, "uint32_val", Kind::kInt, true},
                                       {17, "uint64_val", Kind::kInt, true}};
constexpr MessageType kTensor{kTensorFields};

extern const MessageType kNameAttrList;

constexpr FieldType kListFields[] = {{2, "s", Kind::kBytes},
                                     {3, "i", Kind::kInt, true},
                                     {4, "f", Kind::kFloat, true},
                                     {5, "b", Kind::kBool, true},
                                     {6, "type", Kind::kEnum, true, nullptr, kDataTypes},
                                     {7, "shape", Kind::kMessage, false, &kShape},
                                     {8, "tensor", Kind::kMessage, false, &kTensor},
                                     {9, "func", Kind::kMessage, false, &kNameAttrList}};
constexpr MessageType kList{kListFields};

constexpr FieldType kAttrValueFields[] = {{1, "list", Kind::kMessage, false, &kList},
                                          {2, "s", Kind::kBytes},
                                          {3, "i", Kind::kInt},
                                          {4, "f", Kind::kFloat},
                                          {5, "b", Kind::kBool},
                                          {6, "type", Kind::kEnum, false, nullptr, kDataTypes},
                                          {7, "shape", Kind::kMessage, false, &kShape},
                                          {8, "tensor", Kind::kMessage, false, &kTensor},
                                          {9, "placeholder", Kind::kString},
                                          {10, "func", Kind::kMessage, false, &kNameAttrList}};
constexpr MessageType kAttrValue{kAttrValueFields};

constexpr FieldType kAttrEntryFields[] = {{1, "key", Kind::kString},
                                          {2, "value", Kind::kMessage, false, &kAttrValue}};
constexpr MessageType kAttrEntry{kAttrEntryFields};

constexpr FieldType kNameAttrListFields[] = {{1, "name", Kind::kString},
                                             {2, "attr", Kind::kMessage, false, &kAttrEntry}};
const MessageType kNameAttrList{kNameAttrListFields};

constexpr FieldType kDebugInfoFields[] = {{1, "original_node_names", Kind::kString},
                                          {2, "original_func_names", Kind::kString}};
constexpr MessageType kDebugInfo{kDebugInfoFields};

constexpr FieldType kNodeDefFields[] = {
    {1, "name", Kind::kString},
    {2, "op", Kind::kString},
    {3, "input", Kind::kString},
    {4, "device", Kind::kString},
    {5, "attr", Kind::kMessage, false, &kAttrEntry},
    {6, "experimental_debug_info", Kind::kMessage, false, &kDebugInfo}};
constexpr MessageType kNodeDef{kNodeDefFields};

constexpr FieldType kVersionFields[] = {{1, "producer", Kind::kInt},
                                        {2, "min_consumer", Kind::kInt},
                                        {3, "bad_consumers", Kind::kInt, true}};
constexpr MessageType kVersions{kVersionFields};

// Functions are printed as bytes; most graphs have none.
constexpr MessageType kLibrary{};

constexpr FieldType kGraphDefFields[] = {{1, "node", Kind::kMessage, false, &kNodeDef},
                                         {2, "library", Kind::kMessage, false, &kLibrary},
                                         {3, "version", Kind::kInt},
                                         {4, "versions", Kind::kMessage, false, &kVersions}};
constexpr MessageType kGraphDef{kGraphDefFields};

// ---- ONNX

constexpr EnumName kAttributeTypes[] = {
    {1, "FLOAT"},  {2, "INT"},  {3, "STRING"},  {4, "TENSOR"},  {5, "GRAPH"},
    {6, "FLOATS"}, {7, "INTS"}, {8, "STRINGS"}, {9, "TENSORS"}, {10, "GRAPHS"}};

constexpr FieldType kOnnxEntryFields[] = {{1, "key", Kind::kString}, {2, "value", Kind::kString}};
constexpr MessageType kOnnxEntry{kOnnxEntryFields};

constexpr FieldType kOnnxTensorFields[] = {
    {1, "dims", Kind::kInt},
    {2, "data_type", Kind::kInt},
    {4, "float_data", Kind::kFloat, true},
    {5, "int32_data", Kind::kInt, true},
    {6, "string_data", Kind::kBytes},
    {7, "int64_data", Kind::kInt, true},
    {8, "name", Kind::kString},
    {9, "raw_data", Kind::kBytes},
    {10, "double_data", Kind::kDouble, true},
    {11, "uint64_data", Kind::kInt, true},
    {12, "doc_string", Kind::kString},
    {13, "external_data", Kind::kMessage, false, &kOnnxEntry},
    {14, "data_location", Kind::kInt},
    {16, "metadata_props", Kind::kMessage, false, &kOnnxEntry}};
constexpr MessageType kOnnxTensor{kOnnxTensorFields};

constexpr FieldType kOnnxDimFields[] = {{1, "dim_value", Kind::kInt},
                                        {2, "dim_param", Kind::kString},
                                        {3, "denotation", Kind::kString}};
constexpr MessageType kOnnxDim{kOnnxDimFields};
constexpr FieldType kOnnxShapeFields[] = {{1, "dim", Kind::kMessage, false, &kOnnxDim}};
constexpr MessageType kOnnxShape{kOnnxShapeFields};
constexpr FieldType kTensorTypeFields[] = {{1, "elem_type", Kind::kInt},
                                           {2, "shape", Kind::kMessage, false, &kOnnxShape}};
constexpr MessageType kTensorType{kTensorTypeFields};
constexpr FieldType kTypeFields[] = {{1, "tensor_type", Kind::kMessage, false, &kTensorType},
                                     {6, "denotation", Kind::kString}};
constexpr MessageType kType{kTypeFields};
constexpr FieldType kValueInfoFields[] = {
    {1, "name", Kind::kString},
    {2, "type", Kind::kMessage, false, &kType},
    {3, "doc_string", Kind::kString},
    {4, "metadata_props", Kind::kMessage, false, &kOnnxEntry}};
constexpr MessageType kValueInfo{kValueInfoFields};

constexpr FieldType kAttributeFields[] = {
    {1, "name", Kind::kString},
    {2, "f", Kind::kFloat},
    {3, "i", Kind::kInt},
    {4, "s", Kind::kBytes},
    {5, "t", Kind::kMessage, false, &kOnnxTensor},
    {7, "floats", Kind::kFloat},
    {8, "ints", Kind::kInt},
    {9, "strings", Kind::kBytes},
    {10, "tensors", Kind::kMessage, false, &kOnnxTensor},
    {13, "doc_string", Kind::kString},
    {20, "type", Kind::kEnum, false, nullptr, kAttributeTypes},
    {21, "ref_attr_name", Kind::kString}};
constexpr MessageType kAttribute{kAttributeFields};

constexpr FieldType kOnnxNodeFields[] = {{1, "input", Kind::kString},
                                         {2, "output", Kind::kString},
                                         {3, "name", Kind::kString},
                                         {4, "op_type", Kind::kString},
                                         {5, "attribute", Kind::kMessage, false, &kAttribute},
                                         {6, "doc_string", Kind::kString},
                                         {7, "domain", Kind::kString},
                                         {8, "overload", Kind::kString},
                                         {9, "metadata_props", Kind::kMessage, false, &kOnnxEntry}};
constexpr MessageType kOnnxNode{kOnnxNodeFields};

constexpr FieldType kOnnxGraphFields[] = {
    {1, "node", Kind::kMessage, false, &kOnnxNode},
    {2, "name", Kind::kString},
    {5, "initializer", Kind::kMessage, false, &kOnnxTensor},
    {10, "doc_string", Kind::kString},
    {11, "input", Kind::kMessage, false, &kValueInfo},
    {12, "output", Kind::kMessage, false, &kValueInfo},
    {13, "value_info", Kind::kMessage, false, &kValueInfo},
    {16, "metadata_props", Kind::kMessage, false, &kOnnxEntry}};
constexpr MessageType kOnnxGraph{kOnnxGraphFields};

constexpr FieldType kOpsetFields[] = {{1, "domain", Kind::kString}, {2, "version", Kind::kInt}};
constexpr MessageType kOpset{kOpsetFields};

constexpr FieldType kModelFields[] = {{1, "ir_version", Kind::kInt},
                                      {2, "producer_name", Kind::kString},
                                      {3, "producer_version", Kind::kString},
                                      {4, "domain", Kind::kString},
                                      {5, "model_version", Kind::kInt},
                                      {6, "doc_string", Kind::kString},
                                      {7, "graph", Kind::kMessage, false, &kOnnxGraph},
                                      {8, "opset_import", Kind::kMessage, false, &kOpset},
                                      {14, "metadata_props", Kind::kMessage, false, &kOnnxEntry}};
constexpr MessageType kModel{kModelFields};

}  // namespace

const FieldType* MessageType::Find(uint32_t number) const {
  for (const FieldType& field : fields)
    if (field.number == number) return &field;
  return nullptr;
}

const FieldType* MessageType::Find(std::string_view name) const {
  for (const FieldType& field : fields)
    if (field.name == name) return &field;
  return nullptr;
}

const MessageType& GraphDefType() { return kGraphDef; }
const MessageType& ModelProtoType() { return kModel; }

}  // namespace picabia::proto
