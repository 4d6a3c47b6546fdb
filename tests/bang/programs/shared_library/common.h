#pragma once
#ifdef __BANG_ARCH__
#define FUNC __mlu_func__
#else
#define FUNC
#endif
#define MIN(a, b) ((a) < (b) ? (a) : (b))
enum OpMode { OP_MAX = 0, OP_SUM };
struct Box {
  int begin;
  int end;
};
FUNC inline int length(const Box& box) { return box.end - box.begin; }
