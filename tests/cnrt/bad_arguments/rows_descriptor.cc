// Descriptors of tensors, and questions about tensors by name.
#include "world.h"

namespace bad_arguments {
namespace {

// What a descriptor gives.
template <typename T>
void AddDescRows(Rows* rows, const char* name, const char* out,
                 cnrtRet_t (*ask)(cnrtParamDesc_t, T*)) {
  rows->push_back({name, "param_desc", kHandle, kInvalid,
                   [ask](World& w, Bad bad) { return ask(w.desc[bad], w.Out<T>()); }});
  rows->push_back(
      {name, out, kPointer, kInvalid, [ask](World& w, Bad) { return ask(w.desc.live, nullptr); }});
}

// What is known of a tensor.
template <typename T>
void AddNameRows(Rows* rows, const char* name, const char* out,
                 cnrtRet_t (*ask)(cnrtFunction_t, const char*, T*)) {
  rows->push_back({name, "func", kHandle, kInvalid,
                   [ask](World& w, Bad bad) { return ask(w.function[bad], "x", w.Out<T>()); }});
  rows->push_back({name, "name", kPointer, kInvalid,
                   [ask](World& w, Bad) { return ask(w.function.live, nullptr, w.Out<T>()); }});
  rows->push_back({name, "name", kPointer, CNRT_RET_ERR_NO_EXIST,
                   [ask](World& w, Bad) { return ask(w.function.live, "z", w.Out<T>()); }});
  rows->push_back({name, out, kPointer, kInvalid,
                   [ask](World& w, Bad) { return ask(w.function.live, "x", nullptr); }});
}

Rows PlainRows() {
  using Desc = cnrtParamDesc_t;
  return {
      ROW(cnrtCreateParamDesc, param_desc, kPointer, kInvalid, (nullptr)),
      ROW(cnrtDestroyParamDesc, param_desc, kHandle, kInvalid, (w.desc[bad])),
      ROW(cnrtCreateParamDescArray, param_descs, kPointer, kInvalid, (nullptr, 1)),
      ROW(cnrtCreateParamDescArray, param_num, kPointer, kInvalid,
          (w.Out<cnrtParamDescArray_t>(), 0)),
      ROW(cnrtDestroyParamDescArray, param_descs, kHandle, kInvalid, (w.descs[bad], 1)),
      ROW(cnrtDestroyParamDescArray, param_num, kPointer, kInvalid, (w.descs.live, 2)),
      ROW(cnrtSetShapeToParamDesc, param_desc, kHandle, kInvalid, (w.desc[bad], w.ints, 4)),
      ROW(cnrtSetShapeToParamDesc, dims, kPointer, kInvalid, (w.desc.live, nullptr, 4)),
      ROW(cnrtSetDataTypeToParamDesc, param_desc, kHandle, kInvalid, (w.desc[bad], CNRT_FLOAT16)),
      ROW(cnrtSetNameToParamDesc, param_desc, kHandle, kInvalid, (w.desc[bad], w.name, 1)),
      ROW(cnrtSetNameToParamDesc, name, kPointer, kInvalid, (w.desc.live, nullptr, 1)),
      ROW(cnrtGetShapeFromParamDesc, param_desc, kHandle, kInvalid,
          (w.desc[bad], w.Out<int*>(), w.Out<int>())),
      ROW(cnrtGetShapeFromParamDesc, dims, kPointer, kInvalid,
          (w.desc.live, nullptr, w.Out<int>())),
      ROW(cnrtGetShapeFromParamDesc, dim_num, kPointer, kInvalid,
          (w.desc.live, w.Out<int*>(), nullptr)),
      ROW(cnrtGetNameFromParamDesc, param_desc, kHandle, kInvalid,
          (w.desc[bad], w.Out<char*>(), w.Out<int>())),
      ROW(cnrtGetNameFromParamDesc, name, kPointer, kInvalid, (w.desc.live, nullptr, w.Out<int>())),
      ROW(cnrtGetNameFromParamDesc, name_size, kPointer, kInvalid,
          (w.desc.live, w.Out<char*>(), nullptr)),
      ROW(cnrtGetIndexFromParamDescArrayByName, index, kPointer, kInvalid,
          (nullptr, w.descs.live, 1, "")),
      ROW(cnrtGetIndexFromParamDescArrayByName, param_descs, kHandle, kInvalid,
          (w.Out<int>(), w.descs[bad], 1, "")),
      ROW(cnrtGetIndexFromParamDescArrayByName, name, kPointer, kInvalid,
          (w.Out<int>(), w.descs.live, 1, nullptr)),
      ROW(cnrtGetParamDescFromParamDescArrayByName, param_desc, kPointer, kInvalid,
          (nullptr, w.descs.live, 1, "")),
      ROW(cnrtGetParamDescFromParamDescArrayByName, param_descs, kHandle, kInvalid,
          (w.Out<Desc>(), w.descs[bad], 1, "")),
      ROW(cnrtGetParamDescFromParamDescArrayByName, name, kPointer, kInvalid,
          (w.Out<Desc>(), w.descs.live, 1, nullptr)),
      ROW(cnrtInferFunctionOutputShape, func, kHandle, kInvalid,
          (w.function[bad], 1, w.descs.live, 1, w.descs.live)),
      ROW(cnrtInferFunctionOutputShape, input_params, kHandle, kInvalid,
          (w.function.live, 1, w.descs[bad], 1, w.descs.live)),
      ROW(cnrtInferFunctionOutputShape, output_params, kHandle, kInvalid,
          (w.function.live, 1, w.descs.live, 1, w.descs[bad])),
      ROW(cnrtGetSupportedParamShapeByName, func, kHandle, kInvalid,
          (w.function[bad], "x", w.ints)),
      ROW(cnrtGetSupportedParamShapeByName, name, kPointer, kInvalid,
          (w.function.live, nullptr, w.ints)),
      ROW(cnrtGetSupportedParamShapeByName, dim_shape, kPointer, kInvalid,
          (w.function.live, "x", nullptr)),
  };
}

}  // namespace

Rows DescriptorRows() {
  Rows rows = PlainRows();
  AddDescRows(&rows, "cnrtGetDataTypeFromParamDesc", "dtype", cnrtGetDataTypeFromParamDesc);
  AddDescRows(&rows, "cnrtGetDimOrderFromParamDesc", "dim_order", cnrtGetDimOrderFromParamDesc);
  AddDescRows(&rows, "cnrtGetIdFromParamDesc", "id", cnrtGetIdFromParamDesc);
  AddDescRows(&rows, "cnrtGetParamElementNum", "num", cnrtGetParamElementNum);
  AddDescRows(&rows, "cnrtGetParamDescSize", "size", cnrtGetParamDescSize);
  AddNameRows(&rows, "cnrtGetParamIndexByName", "index", cnrtGetParamIndexByName);
  AddNameRows(&rows, "cnrtGetSupportedParamDataTypeByName", "dtype",
              cnrtGetSupportedParamDataTypeByName);
  AddNameRows(&rows, "cnrtGetSupportedParamDimNumberByName", "dim_num",
              cnrtGetSupportedParamDimNumberByName);
  AddNameRows(&rows, "cnrtGetSupportedParamLayoutByName", "dorder",
              cnrtGetSupportedParamLayoutByName);
  return rows;
}

}  // namespace bad_arguments
