"""A client of libcnrt.so in ctypes: loads an offline model and runs one of its functions."""
import ctypes
import os
import pathlib

import numpy as np

LIBRARY = pathlib.Path(os.environ.get("PICABIA_CNRT_LIBRARY",
                                      pathlib.Path(__file__).parents[2] / "build/release/lib/libcnrt.so"))
TYPES = {0x12: np.float16, 0x13: np.float32, 0x21: np.int8, 0x23: np.int32, 0x31: np.uint8}
HOST2DEV, DEV2HOST = 0, 2


class CnrtError(Exception):
    def __init__(self, call, code):
        super().__init__(f"{call}: {code}")
        self.code = code


class Cnrt:
    def __init__(self):
        self._library = ctypes.CDLL(str(LIBRARY))
        self("cnrtInit", ctypes.c_uint(0))

    def __call__(self, name, *args):
        code = getattr(self._library, name)(*args)
        if code != 0:
            raise CnrtError(name, code)

    def load(self, path):
        model = ctypes.c_void_p()
        self("cnrtLoadModel", ctypes.byref(model), str(path).encode())
        return model

    def ports(self, function, kind):
        """(shape, type) of each input or output."""
        types, count, dims, rank = ctypes.POINTER(ctypes.c_int)(), ctypes.c_int(), ctypes.POINTER(ctypes.c_int)(), \
            ctypes.c_int()
        self(f"cnrtGet{kind}DataType", ctypes.byref(types), ctypes.byref(count), function)
        ports = []
        for i in range(count.value):
            self(f"cnrtGet{kind}DataShape", ctypes.byref(dims), ctypes.byref(rank), i, function)
            ports.append((tuple(dims[:rank.value]), TYPES[types[i]]))
        return ports

    def run(self, path, inputs, symbol="subnet0"):
        """What the function makes of arrays that have its types and shapes."""
        model, function, context, queue = self.load(path), ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
        self("cnrtCreateFunction", ctypes.byref(function))
        self("cnrtExtractFunction", ctypes.byref(function), model, symbol.encode())
        self("cnrtCreateRuntimeContext", ctypes.byref(context), function, None)
        self("cnrtInitRuntimeContext", context, None)
        self("cnrtRuntimeContextCreateQueue", context, ctypes.byref(queue))
        for array, port in zip(inputs, self.ports(function, "Input"), strict=True):
            assert (array.shape, array.dtype) == port
        outputs = [np.empty(shape, dtype) for shape, dtype in self.ports(function, "Output")]
        arrays = [*map(np.ascontiguousarray, inputs), *outputs]
        params = (ctypes.c_void_p * len(arrays))()
        for i, array in enumerate(arrays):
            block = ctypes.c_void_p()
            self("cnrtMalloc", ctypes.byref(block), ctypes.c_size_t(array.nbytes))
            params[i] = block
            if i < len(inputs):
                self("cnrtMemcpy", block, array.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(array.nbytes), HOST2DEV)
        self("cnrtInvokeRuntimeContext", context, params, queue, None)
        self("cnrtSyncQueue", queue)
        for i, array in enumerate(outputs, len(inputs)):
            self("cnrtMemcpy", array.ctypes.data_as(ctypes.c_void_p), ctypes.c_void_p(params[i]),
                 ctypes.c_size_t(array.nbytes), DEV2HOST)
        for block in params:
            self("cnrtFree", ctypes.c_void_p(block))
        self("cnrtDestroyQueue", queue)
        self("cnrtDestroyRuntimeContext", context)
        self("cnrtDestroyFunction", function)
        self("cnrtUnloadModel", model)
        return outputs
