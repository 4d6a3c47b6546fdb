// The checker: follows every access of a kernel and reports what the card does not allow or does
// not define, with the line of the kernel and the task. Kinds of reports are listed in
// docs/bang.md.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/mlu/bang/check/lines.h"
#include "devices/mlu/bang/check/races.h"
#include "devices/mlu/bang/core.h"
#include "devices/mlu/bang/device_memory.h"

namespace picabia::bang {

struct Report {
  std::string kind;   // "out-of-bounds", ...
  std::string place;  // "file:line"
  std::string text;
  std::string task;
  int64_t count = 1;
};

class Checker : public Observer {
 public:
  // The plan must outlive it.
  explicit Checker(const Plan* plan);
  ~Checker() override;

  const std::vector<Report>& reports() const { return reports_; }

  void Start(const Core& core) override;
  void Finish(const Core& /*core*/) override { Settle(); }  // the next task has the same core
  void Operate(const Core& core, const Operation& operation) override;
  void Misuse(const Core& core, const char* name, Where where, const char* text) override;
  void Access(const Core& core, const void* address, size_t bytes, bool write,
              const void* pc) override;
  void BadIndex(const Core& core, Where where, int64_t index) override;
  void PipelineSync(const Core& core, Where where) override;
  void Release(Sync kind, Core* const* cores, int count) override;
  void Lock(const Core& core, int id) override;
  void Unlock(const Core& core, int id) override;

 private:
  // A memory of a core or cluster: what of it was written, byte by byte.
  struct Region {
    uintptr_t begin, end;  // of the variables in it
    int space;
    intptr_t delta;
    std::vector<uint8_t> state;  // ByteState
  };
  // kHole: no variable is there.
  enum ByteState : uint8_t { kUnset = 0, kSet = 1, kPending = 2, kHole = 3 };
  struct Context {
    const Core* core;
    const char* name;
    Where where;
    const void* pc;  // not null: of a scalar access, whose line is looked up when it is needed
  };

  // Unset bytes that an operation reads behind set ones, less than a group of the vector unit: the
  // end of a tile, computed because the unit wants whole groups. They are handed on to the
  // destination, and reported where something else reads them.
  struct Padding {
    std::vector<uint8_t*> states;  // of bytes that count as set while the operation is checked
    std::vector<int64_t> elements;
  };
  Padding HidePadding(const Operation& operation);
  void HandOnPadding(const Operation& operation, const Padding& padding);
  bool AnyUnset(const Range& range);
  uint8_t* StateAt(const Range& range, int64_t byte);

  // A scalar store to SRAM that races: none when it writes what is there already, as all cores do
  // that set a variable of their cluster. That is known when the next thing happens.
  struct RacingStore {
    Context context;
    const void* address;
    size_t bytes;
    unsigned char before[16];
    Race race;
  };
  void Settle();
  void SayRace(const Context& context, const Race& race, bool write);

  void AddRegions(const Core& core);
  Region* RegionOf(uintptr_t address);
  const picabia_bang_variable* VariableAt(const Region& region, uintptr_t address) const;
  void CheckSizes(const Core& core);
  void CheckAlignment(const Context& context, const Operation& operation);
  void CheckRange(const Context& context, const Range& range, bool write,
                  const Operation* operation);
  void CheckRun(const Context& context, uintptr_t begin, int64_t bytes, bool write,
                const Operation* operation);
  void CheckOnChip(const Context& context, Region* region, uintptr_t begin, int64_t bytes,
                   bool write, const Operation* operation);
  bool CheckDevice(const Context& context, uintptr_t begin, int64_t bytes, bool write,
                   const Operation* operation);
  void NoteRace(const Context& context, uintptr_t begin, int64_t bytes, bool write,
                const Operation* operation);
  int ActorOf(const Core& core) const;
  Where WhereOf(const Context& context) const;
  // `detail` goes behind the text and does not make another report of it.
  void Say(const Context& context, const char* kind, const std::string& text,
           const std::string& detail = "");

  const Plan* plan_;
  std::vector<std::unique_ptr<Region>> regions_;
  Region* last_region_ = nullptr;
  mlu::DeviceMemory::Block last_block_{nullptr, 0, 0};
  std::unique_ptr<RaceDetector> races_;
  std::optional<RacingStore> racing_store_;
  static constexpr size_t kHostLines = 1024;
  uintptr_t host_lines_[kHostLines] = {};  // that are known to be the host's: a small cache
  std::map<int, std::vector<std::pair<uintptr_t, uintptr_t>>>
      pending_;  // by core: what asynchronous copies write
  std::vector<Report> reports_;
  std::map<std::string, size_t> known_;
  mutable LineTable lines_;
  mutable bool lines_read_ = false;
  mutable std::map<std::string, std::string> file_names_;  // keeps them alive
};

}  // namespace picabia::bang
