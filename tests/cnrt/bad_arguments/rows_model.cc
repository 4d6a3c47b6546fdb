// Models, functions, and what can be asked of them.
#include "world.h"

namespace bad_arguments {
namespace {

// The questions about all inputs or all outputs.
template <typename T>
void AddArrayRows(Rows* rows, const char* name, const char* array,
                  cnrtRet_t (*ask)(T**, int*, cnrtFunction_t)) {
  rows->push_back({name, array, kPointer, kInvalidPointer,
                   [ask](World& w, Bad) { return ask(nullptr, w.Out<int>(), w.function.live); }});
  rows->push_back({name, "num", kPointer, kInvalidPointer,
                   [ask](World& w, Bad) { return ask(w.Out<T*>(), nullptr, w.function.live); }});
  rows->push_back({name, "function", kHandle, kInvalidPointer, [ask](World& w, Bad bad) {
                     return ask(w.Out<T*>(), w.Out<int>(), w.function[bad]);
                   }});
}

// The questions about one of them.
void AddShapeRows(Rows* rows, const char* name,
                  cnrtRet_t (*ask)(int**, int*, int, cnrtFunction_t)) {
  rows->push_back({name, "dimValues", kPointer, kInvalidPointer, [ask](World& w, Bad) {
                     return ask(nullptr, w.Out<int>(), 0, w.function.live);
                   }});
  rows->push_back({name, "dimNum", kPointer, kInvalidPointer, [ask](World& w, Bad) {
                     return ask(w.Out<int*>(), nullptr, 0, w.function.live);
                   }});
  rows->push_back({name, "index", kPointer, CNRT_RET_ERR_NO_EXIST, [ask](World& w, Bad) {
                     return ask(w.Out<int*>(), w.Out<int>(), -1, w.function.live);
                   }});
  rows->push_back({name, "function", kHandle, kInvalidPointer, [ask](World& w, Bad bad) {
                     return ask(w.Out<int*>(), w.Out<int>(), 0, w.function[bad]);
                   }});
}

// The questions about a model that have one answer.
template <typename T>
void AddModelRows(Rows* rows, const char* name, const char* out,
                  cnrtRet_t (*ask)(cnrtModel_t, T*)) {
  rows->push_back({name, "model", kHandle, kInvalid,
                   [ask](World& w, Bad bad) { return ask(w.model[bad], w.Out<T>()); }});
  rows->push_back(
      {name, out, kPointer, kInvalid, [ask](World& w, Bad) { return ask(w.model.live, nullptr); }});
}

Rows LoadingRows() {
  using Model = cnrtModel_t;
  constexpr const char* kNowhere = "/nowhere/x.cambricon";
  return {
      ROW(cnrtLoadModel, pmodel, kPointer, kInvalid, (nullptr, kNowhere)),
      ROW(cnrtLoadModel, fname, kPointer, kInvalid, (w.Out<Model>(), nullptr)),
      ROW(cnrtLoadModel, fname, kPointer, CNRT_RET_ERR_SYS, (w.Out<Model>(), kNowhere)),
      ROW(cnrtLoadModelFromMem, pmodel, kPointer, kInvalidPointer, (nullptr, w.image)),
      ROW(cnrtLoadModelFromMem, ptr, kPointer, kInvalidPointer, (w.Out<Model>(), nullptr)),
      ROW(cnrtLoadModelFromMem, ptr, kPointer, kInvalid, (w.Out<Model>(), w.memory)),
      ROW(cnrtLoadModelFromMem_V2, pmodel, kPointer, kInvalidPointer, (nullptr, w.image, true)),
      ROW(cnrtLoadModelFromMem_V2, ptr, kPointer, kInvalidPointer, (w.Out<Model>(), nullptr, true)),
      ROW(cnrtUnloadModel, model, kPointer, kInvalidPointer, (nullptr)),
      ROW(cnrtUnloadModel, model, kNotNull, kInvalid, (w.model[bad])),
      ROW(cnrtGetModelSize, fname, kPointer, kInvalid, (nullptr, w.Out<int>())),
      ROW(cnrtGetModelSize, fname, kPointer, CNRT_RET_ERR_SYS, (kNowhere, w.Out<int>())),
      ROW(cnrtGetModelSize, size, kPointer, kInvalid, (kNowhere, nullptr)),
      ROW(cnrtGetModelLevelFromFile, fname, kPointer, kInvalid, (nullptr, w.Out<int>())),
      ROW(cnrtGetModelLevelFromFile, model_level, kPointer, kInvalid, (kNowhere, nullptr)),
      ROW(cnrtGetFunctionSymbol, model, kHandle, kInvalid,
          (w.model[bad], 0, w.Out<char*>(), w.Out<int>())),
      ROW(cnrtGetFunctionSymbol, index, kPointer, CNRT_RET_ERR_NO_EXIST,
          (w.model.live, 2, w.Out<char*>(), w.Out<int>())),
      ROW(cnrtGetFunctionSymbol, symbol, kPointer, kInvalid,
          (w.model.live, 0, nullptr, w.Out<int>())),
      ROW(cnrtGetFunctionSymbol, name_size, kPointer, kInvalid,
          (w.model.live, 0, w.Out<char*>(), nullptr)),
      ROW(cnrtCreateFunction, pfunction, kPointer, kInvalid, (nullptr)),
      ROW(cnrtExtractFunction, pfunction, kPointer, kInvalid, (nullptr, w.model.live, "subnet0")),
      ROW(cnrtExtractFunction, pfunction, kHandle, kInvalid,
          (w.At(w.function[bad]), w.model.live, "subnet0")),
      ROW(cnrtExtractFunction, model, kHandle, kInvalid,
          (w.At(w.function.live), w.model[bad], "subnet0")),
      ROW(cnrtExtractFunction, symbol, kPointer, kInvalid,
          (w.At(w.function.live), w.model.live, nullptr)),
      ROW(cnrtExtractFunction, symbol, kPointer, CNRT_RET_ERR_NO_EXIST,
          (w.At(w.function.live), w.model.live, "")),
      ROW(cnrtCopyFunction, dst, kPointer, kInvalid, (nullptr, w.function.live)),
      // Whatever stands there is taken for uninitialised memory: a new function is made.
      ROW(cnrtCopyFunction, dst, kHandle, kOk, (w.At(w.function[bad]), w.function.live)),
      ROW(cnrtCopyFunction, src, kHandle, kInvalidPointer,
          (w.At(w.function.live), w.function[bad])),
      ROW(cnrtDestroyFunction, function, kHandle, kInvalid, (w.function[bad])),
      ROW(cnrtGetFunctionMemUsed, function, kHandle, kInvalidPointer,
          (w.function[bad], w.Out<int64_t>())),
      ROW(cnrtGetFunctionMemUsed, pMemused, kPointer, kInvalidPointer, (w.function.live, nullptr)),
  };
}

Rows FunctionRows() {
  using Names = char**;
  return {
      ROW(cnrtQueryBatches, function, kHandle, kInvalidPointer, (w.function[bad], w.ints)),
      ROW(cnrtQueryBatches, batches_array, kPointer, kInvalidPointer, (w.function.live, nullptr)),
      ROW(cnrtQueryCacheMode, function, kHandle, kInvalidPointer,
          (w.function[bad], w.Out<bool>(), w.Out<int>())),
      ROW(cnrtQueryCacheMode, is_cache_mode, kPointer, kInvalidPointer,
          (w.function.live, nullptr, w.Out<int>())),
      ROW(cnrtQueryCacheMode, cache_num, kPointer, kInvalidPointer,
          (w.function.live, w.Out<bool>(), nullptr)),
      ROW(cnrtGetInputAndOutputNamesFromFunction, func, kHandle, kInvalidPointer,
          (w.function[bad], w.Out<Names>(), w.Out<Names>(), w.Out<int>(), w.Out<int>())),
      ROW(cnrtGetInputAndOutputNamesFromFunction, input_names, kPointer, kInvalidPointer,
          (w.function.live, nullptr, w.Out<Names>(), w.Out<int>(), w.Out<int>())),
      ROW(cnrtGetInputAndOutputNamesFromFunction, output_names, kPointer, kInvalidPointer,
          (w.function.live, w.Out<Names>(), nullptr, w.Out<int>(), w.Out<int>())),
      ROW(cnrtGetInputAndOutputNamesFromFunction, input_num, kPointer, kInvalidPointer,
          (w.function.live, w.Out<Names>(), w.Out<Names>(), nullptr, w.Out<int>())),
      ROW(cnrtGetInputAndOutputNamesFromFunction, output_num, kPointer, kInvalidPointer,
          (w.function.live, w.Out<Names>(), w.Out<Names>(), w.Out<int>(), nullptr)),
      ROW(cnrtDestroyInputAndOutputNames, input_names, kHandle, kInvalid,
          (w.inputs[bad], w.outputs.live, 1, 1)),
      ROW(cnrtDestroyInputAndOutputNames, output_names, kHandle, kInvalid,
          (w.inputs.live, w.outputs[bad], 1, 1)),
      ROW(cnrtDestroyInputAndOutputNames, input_num, kPointer, kInvalid,
          (w.inputs.live, w.outputs.live, 2, 1)),
  };
}

}  // namespace

Rows ModelRows() {
  Rows rows = LoadingRows();
  for (const Row& row : FunctionRows()) rows.push_back(row);
  AddArrayRows(&rows, "cnrtGetInputDataSize", "sizeArray", cnrtGetInputDataSize);
  AddArrayRows(&rows, "cnrtGetOutputDataSize", "sizeArray", cnrtGetOutputDataSize);
  AddArrayRows(&rows, "cnrtGetInputDataType", "dtype", cnrtGetInputDataType);
  AddArrayRows(&rows, "cnrtGetOutputDataType", "dtype", cnrtGetOutputDataType);
  AddShapeRows(&rows, "cnrtGetInputDataShape", cnrtGetInputDataShape);
  AddShapeRows(&rows, "cnrtGetOutputDataShape", cnrtGetOutputDataShape);
  AddModelRows(&rows, "cnrtQueryCoreVersion", "coreVersion", cnrtQueryCoreVersion);
  AddModelRows(&rows, "cnrtQueryModelParallelism", "modelParallelism", cnrtQueryModelParallelism);
  AddModelRows(&rows, "cnrtQueryModelStackSize", "stack_size", cnrtQueryModelStackSize);
  AddModelRows(&rows, "cnrtQueryModelLocalMemSize", "local_mem_size", cnrtQueryModelLocalMemSize);
  AddModelRows(&rows, "cnrtGetModelMemUsed", "pMemused", cnrtGetModelMemUsed);
  AddModelRows(&rows, "cnrtGetFunctionNumber", "func_num", cnrtGetFunctionNumber);
  return rows;
}

}  // namespace bad_arguments
