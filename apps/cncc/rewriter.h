// BANG C to C++: after the preprocessor, before the compiler. Lines stay where they are, so that
// the compiler's messages name the user's file and line.
//
//   __nram__ half a[N];       a place holder in a section of its own, which takes no memory; a
//   record of it for the engine;
//                             and a reference `a` to the running core's copy. Initialisers become
//                             assignments.
//   a at file scope           every function that names it begins with such a reference
//   taskId, coreId, ...       every function that names one begins with a constant of its value
//   __mlu_entry__ void K(..)  a function; behind it a record with a trampoline, and functions that
//   carry the two names under
//                             which programs link kernels: K, and K mangled with unsigned short for
//                             half
//   K<<<d, t, q>>>(..)        picabia_bang::Launch(K, ..).On(d, t, q)(..)
//   a::x                      the copy of a variable that a namespace has
//   127.0h                    (half)127.0
//   asm("barrier.sync.local") the barrier
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace picabia::cncc {

struct Rewritten {
  std::string text;
  std::vector<std::string> errors;  // "file:line: error: text"
  int kernels = 0;
  bool uses_module = false;  // it has kernels, launches, or variables of the on-chip memories
};

Rewritten Rewrite(std::string_view preprocessed);

}  // namespace picabia::cncc
