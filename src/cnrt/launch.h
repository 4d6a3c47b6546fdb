// Parameter buffers of kernels, as cnrtInvokeKernel and the plug-in operators of cnml.h read them.
#pragma once

#include <vector>

#include "cnrt/cnrt.h"
#include "devices/mlu/bang/engine.h"

namespace picabia::cnrt {

// Copies the parameters of a live buffer; places that were only marked take their addresses from
// `marked` (inputs, statics and outputs in the order of the marks). False: no such buffer, or
// `marked` has not exactly one address a mark.
bool ReadParams(cnrtKernelParamsBuffer_t params, const std::vector<const void*>& marked,
                std::vector<bang::Argument>* arguments);

// What kind of place each mark is, in the order of the marks. False: no such buffer.
enum class Mark { kInput, kOutput, kStatic };
bool ReadMarks(cnrtKernelParamsBuffer_t params, std::vector<Mark>* marks);

// Checks the launch and puts it into the queue.
cnrtRet_t Launch(const void* function, cnrtDim3_t dim, std::vector<bang::Argument> arguments,
                 cnrtFunctionType_t type, cnrtQueue_t queue);

// The code that says most of an error of the engine.
cnrtRet_t CodeOf(const Status& status);

}  // namespace picabia::cnrt
