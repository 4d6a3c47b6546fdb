// Threads that help an execution, kept for the next one.
#pragma once

#include <functional>

namespace picabia::bang {

// Calls body(0) on this thread and body(1) .. body(count - 1) on others, at the same time, and
// returns when all have.
void RunTogether(int count, const std::function<void(int)>& body);

// Threads that one execution may use: PICABIA_BANG_THREADS, else what the host has.
int MaxThreads();

}  // namespace picabia::bang
