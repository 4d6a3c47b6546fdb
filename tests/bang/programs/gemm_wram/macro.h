#ifndef MACRO_H
#define MACRO_H
#define ROUND 64
#define MAX_K 512
#define MAX_M 64
#endif
