/* Custom operators for Picabia: the C interface between the program and a shared library that adds
 * operators to it. Plain C99; nothing of the program is linked. examples/operators/ has one.
 *
 * A library exports one function, picabia_operators, which lists what it has. It is loaded by
 *   picabia run|stylize|bench|inspect|compile ... --operators ./libmine.so
 * or by picabia.Session(..., operators=["./libmine.so"]) in Python. A node of a model whose type is
 * the name of an operator is then run by it; an operator that Picabia has itself is replaced.
 *
 * Loading a library runs its code with the rights of the program.
 *
 * Threads: the functions may be called by several threads at once, for several sessions. Nothing
 * that a call is given may be kept after it returns.
 *
 * Errors: a function returns 0, or anything else after writing one line of text, ended by a zero,
 * into call->error; what it says appears behind the name of the node.
 */
#ifndef PICABIA_OPERATOR_H_
#define PICABIA_OPERATOR_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes whenever a struct of this file does. A library of another version is refused by name. */
#define PICABIA_OPERATOR_ABI_VERSION 1u

#define PICABIA_MAX_RANK 16

/* Types of elements. */
enum picabia_element {
  PICABIA_FLOAT32 = 0,
  PICABIA_FLOAT16 = 1, /* IEEE 754 binary16, as its bits */
  PICABIA_FLOAT64 = 2,
  PICABIA_INT8 = 3,
  PICABIA_UINT8 = 4,
  PICABIA_INT16 = 5,
  PICABIA_INT32 = 6,
  PICABIA_INT64 = 7,
  PICABIA_BOOL = 8, /* one byte, 0 or 1 */
  PICABIA_UINT16 = 9,
  PICABIA_UINT32 = 10,
  PICABIA_UINT64 = 11
};

/* A dense row-major array. Pictures are [batch, height, width, channels] in TensorFlow models. */
typedef struct picabia_tensor {
  uint32_t element; /* of enum picabia_element */
  uint32_t rank;
  const int64_t* dims; /* outermost first; rank 0: a scalar */
  void* data; /* of inputs: to be read only; null where only types or shapes are asked for */
} picabia_tensor;

enum picabia_attribute_kind { PICABIA_INTS = 0, PICABIA_FLOATS = 1, PICABIA_TEXT = 2 };

/* An attribute of the node in the model: an integer, bool or shape is ints; an element type is its
 * name as text, for example "float32". */
typedef struct picabia_attribute {
  const char* name;
  uint32_t kind; /* which of the three below is not null */
  size_t count;  /* of numbers, or of bytes in front of the text's final zero */
  const int64_t* ints;
  const double* floats;
  const char* text;
} picabia_attribute;

/* What every function is given. */
typedef struct picabia_call {
  size_t num_inputs;
  const picabia_tensor* inputs;
  size_t num_attributes;
  const picabia_attribute* attributes;
  char* error; /* room for a message, error_size bytes with the zero */
  size_t error_size;
} picabia_call;

typedef struct picabia_operator {
  uint32_t size;        /* sizeof(picabia_operator) */
  uint32_t abi_version; /* PICABIA_OPERATOR_ABI_VERSION */
  const char* name;     /* the type of node: "PowerDifference"; "domain::Name" in ONNX models */
  const char* device;   /* "cpu", "mlu", or null: every device */
  uint32_t min_inputs;  /* 1 or more */
  uint32_t max_inputs;
  void* user; /* handed to the functions */

  /* The type of the output's elements; of the inputs only `element` is known. Null: as input 0. */
  int (*output_element)(void* user, const picabia_call* call, uint32_t* element);
  /* The shape of the output, up to PICABIA_MAX_RANK sizes into dims. Also called when nothing runs
   * yet, and often. Null: the shapes of all inputs broadcast, as NumPy does it. */
  int (*output_shape)(void* user, const picabia_call* call, int64_t* dims, uint32_t* rank);
  /* Fills output->data, which has the type and shape that the two functions said. May be called
   * more than once a run. */
  int (*compute)(void* user, const picabia_call* call, const picabia_tensor* output);
  /* Called once, when the last session that uses the operator is gone. May be null. */
  void (*release)(void* user);
} picabia_operator;

/* What a library exports: *count operators, which stay where they are while it is loaded.
 *   const picabia_operator* const* picabia_operators(size_t* count);
 */
typedef const picabia_operator* const* (*picabia_operators_function)(size_t* count);
#define PICABIA_OPERATORS_SYMBOL "picabia_operators"

#ifdef __cplusplus
}
#endif

#endif /* PICABIA_OPERATOR_H_ */
