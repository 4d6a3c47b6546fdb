#include "devices/mlu/bang/check/checker.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace picabia::bang {
namespace {

uintptr_t At(const void* address) { return reinterpret_cast<uintptr_t>(address); }

std::string Number(int64_t n) { return std::to_string(n); }

std::string Place(Where where) {
  return where.file == nullptr || where.line == 0
             ? "?"
             : std::string(where.file) + ":" + Number(where.line);
}

std::string Defined(const picabia_bang_variable& v) {
  return "'" + std::string(v.name) + "' (" + Number(static_cast<int64_t>(v.bytes)) + " bytes of " +
         SpaceName(v.space) + ", " + v.file + ":" + Number(v.line) + ")";
}

bool IsShared(int space) { return space == PICABIA_SRAM || space == kGdramSpace; }

}  // namespace

Checker::Checker(const Plan* plan) : plan_(plan) {}
Checker::~Checker() = default;

// ---- what there is ----

void Checker::AddRegions(const Core& core) {
  for (int space = 0; space < PICABIA_SPACES; ++space) {
    const auto& variables = plan_->layout.variables[space];
    if (variables.empty() || (space == PICABIA_SRAM && core.coreId != 0)) continue;
    const uintptr_t begin = plan_->layout.begin[space] + static_cast<uintptr_t>(core.delta[space]);
    Region* region = nullptr;
    for (auto& known : regions_)
      if (known->begin == begin) region = known.get();
    if (region == nullptr) {
      regions_.push_back(std::make_unique<Region>());
      region = regions_.back().get();
      *region = {begin, begin + plan_->layout.bytes[space], space, core.delta[space], {}};
    }
    // Undefined when a kernel starts.
    region->state.assign(plan_->layout.bytes[space], kHole);
    for (const picabia_bang_variable* v : variables)
      std::memset(&region->state[At(v->address) - plan_->layout.begin[space]], kUnset, v->bytes);
  }
  std::sort(regions_.begin(), regions_.end(),
            [](const auto& a, const auto& b) { return a->begin < b->begin; });
  last_region_ = nullptr;
}

Checker::Region* Checker::RegionOf(uintptr_t address) {
  if (last_region_ != nullptr && address >= last_region_->begin && address < last_region_->end)
    return last_region_;
  // Slack belongs to the region: accesses beside all variables are mistakes.
  for (auto& region : regions_)
    if (address >= region->begin - Arena::kSlack && address < region->end + Arena::kSlack) {
      last_region_ = region.get();
      return last_region_;
    }
  return nullptr;
}

const picabia_bang_variable* Checker::VariableAt(const Region& region, uintptr_t address) const {
  const auto& variables = plan_->layout.variables[region.space];
  const uintptr_t holder = address - static_cast<uintptr_t>(region.delta);
  auto found = std::upper_bound(variables.begin(), variables.end(), holder,
                                [](uintptr_t a, const auto* v) { return a < At(v->address); });
  if (found == variables.begin()) return nullptr;
  --found;
  return holder - At((*found)->address) < (*found)->bytes ? *found : nullptr;
}

int Checker::ActorOf(const Core& core) const {
  return core.clusterDim == 0 ? core.taskId : core.index;
}

// ---- reports ----

Where Checker::WhereOf(const Context& context) const {
  if (context.pc == nullptr) return context.where;
  if (!lines_read_) {
    lines_ = LineTable::Read(plan_->image_begin, plan_->image_end);
    lines_read_ = true;
  }
  Dl_info info;
  if (dladdr(context.pc, &info) == 0) return {};
  // The call itself lies before the address to which it returns.
  const auto line = lines_.Find(At(context.pc) - 1 - At(info.dli_fbase));
  if (line.line == 0) return {};
  const std::string& name = file_names_.emplace(line.file, line.file).first->second;
  return {name.c_str(), line.line};
}

void Checker::Say(const Context& context, const char* kind, const std::string& text,
                  const std::string& detail) {
  const std::string place = Place(WhereOf(context));
  const std::string key = std::string(kind) + place + text;
  const auto [found, fresh] = known_.emplace(key, reports_.size());
  if (!fresh) {
    ++reports_[found->second].count;
    return;
  }
  reports_.push_back(
      {kind, place, text + detail, context.core->execution->Describe(*context.core)});
}

// ---- operations ----

void Checker::Start(const Core& core) {
  Settle();
  AddRegions(core);
  if (core.index == 0 && (core.clusterDim > 0 || !races_)) {
    races_ = std::make_unique<RaceDetector>(
        core.clusterDim == 0 ? 0 : static_cast<int>(core.execution->cores().size()));
    CheckSizes(core);
  }
}

void Checker::CheckSizes(const Core& core) {
  for (int space = 0; space < PICABIA_SPACES; ++space) {
    size_t total = 0;
    const picabia_bang_variable* largest = nullptr;
    for (const picabia_bang_variable* v : plan_->variables) {
      if (v->space != space) continue;
      total += space == PICABIA_SRAM ? v->bytes : (v->bytes + 63) & ~size_t{63};
      if (largest == nullptr || v->bytes > largest->bytes) largest = v;
    }
    if (total <= plan_->sizes.bytes[space]) continue;
    Say({&core, "", {largest->file, largest->line}, nullptr}, "memory-size",
        Number(static_cast<int64_t>(total)) + " bytes of " + SpaceName(space) +
            " are used, an MLU" + Number(plan_->arch) + " has " +
            Number(static_cast<int64_t>(plan_->sizes.bytes[space])) + "; the largest variable is " +
            Defined(*largest));
  }
}

void Checker::CheckAlignment(const Context& context, const Operation& operation) {
  const std::string name = operation.name;
  if (operation.count_multiple > 1 && operation.elements % operation.count_multiple != 0)
    Say(context, "alignment",
        name + " of " + Number(operation.elements) + " elements: a multiple of " +
            Number(operation.count_multiple) + " is expected (" +
            Number(operation.count_multiple * operation.element_bytes) + " bytes)");
  if (operation.alignment == 0) return;
  const auto check = [&](const Range& range, const char* what) {
    const uintptr_t off = At(range.address) % static_cast<uintptr_t>(operation.alignment);
    if (off != 0)
      Say(context, "alignment",
          name + ": its " + what + " begins " + Number(static_cast<int64_t>(off)) +
              " bytes behind a multiple of " + Number(operation.alignment));
  };
  for (int i = 0; i < operation.num_writes; ++i) check(operation.writes[i], "destination");
  for (int i = 0; i < operation.num_reads; ++i) check(operation.reads[i], "source");
}

void Checker::Operate(const Core& core, const Operation& operation) {
  const Context context = {&core, operation.name, operation.where, nullptr};
  Settle();
  CheckAlignment(context, operation);
  const Padding padding = HidePadding(operation);
  for (int i = 0; i < operation.num_reads; ++i)
    CheckRange(context, operation.reads[i], false, &operation);
  for (uint8_t* state : padding.states) *state = kUnset;
  for (int i = 0; i < operation.num_writes; ++i)
    CheckRange(context, operation.writes[i], true, &operation);
  HandOnPadding(operation, padding);
}

void Checker::CheckRange(const Context& context, const Range& range, bool write,
                         const Operation* operation) {
  if (range.bytes <= 0) return;
  const uintptr_t begin = At(range.address);
  if (range.space != kAnySpace) {
    const Region* region = RegionOf(begin);
    const bool device = region == nullptr && (mlu::DeviceMemory::Get().Find(range.address) ||
                                              mlu::DeviceMemory::Get().FindNear(range.address));
    const int actual = region != nullptr ? region->space : device ? kGdramSpace : kAnySpace;
    if (actual != range.space) {
      const std::string found = actual == kAnySpace ? "no memory of the device" : SpaceName(actual);
      Say(context, "wrong-memory",
          std::string(context.name) + ": its " + (write ? "destination" : "source") + " is in " +
              found + ", " + SpaceName(range.space) + " is expected");
      if (actual == kAnySpace) return;
    }
  }
  // Segments that touch are one run.
  if (range.segments > 1 && range.stride == range.bytes)
    return CheckRun(context, begin, range.bytes * range.segments, write, operation);
  const int64_t segments = range.stride == 0 ? 1 : range.segments;
  for (int64_t s = 0; s < segments; ++s)
    CheckRun(context, begin + static_cast<uintptr_t>(s * range.stride), range.bytes, write,
             operation);
}

void Checker::CheckRun(const Context& context, uintptr_t begin, int64_t bytes, bool write,
                       const Operation* operation) {
  if (Region* region = RegionOf(begin); region != nullptr) {
    CheckOnChip(context, region, begin, bytes, write, operation);
    if (IsShared(region->space)) NoteRace(context, begin, bytes, write, operation);
    return;
  }
  if (CheckDevice(context, begin, bytes, write, operation))
    NoteRace(context, begin, bytes, write, operation);
}

void Checker::CheckOnChip(const Context& context, Region* region, uintptr_t begin, int64_t bytes,
                          bool write, const Operation* operation) {
  const std::string verb = std::string(context.name) + (write ? " writes " : " reads ");
  const picabia_bang_variable* v = VariableAt(*region, begin);
  if (v == nullptr) {
    Say(context, "out-of-bounds",
        verb + Number(bytes) + " bytes of " + SpaceName(region->space) + " where no variable is");
  } else {
    const uintptr_t offset = begin - static_cast<uintptr_t>(region->delta) - At(v->address);
    const int64_t past = static_cast<int64_t>(offset) + bytes - static_cast<int64_t>(v->bytes);
    if (past > 0)
      Say(context, "out-of-bounds",
          verb + "past the end of " + Defined(*v) + ", at most by " + Number(past) + " bytes");
  }
  if (begin < region->begin || begin >= region->end) return;
  auto* state = &region->state[begin - region->begin];
  const int64_t n = std::min<int64_t>(bytes, static_cast<int64_t>(region->end - begin));
  if (write) {
    const bool pending = operation != nullptr && operation->asynchronous;
    for (int64_t i = 0; i < n; ++i)
      if (state[i] != kHole) state[i] = pending ? kPending : kSet;
    if (pending)
      pending_[context.core->index].emplace_back(begin, begin + static_cast<uintptr_t>(n));
    return;
  }
  const auto* bad =
      std::find_if(state, state + n, [](uint8_t s) { return s == kUnset || s == kPending; });
  if (bad == state + n) return;
  const bool unset = *bad == kUnset;
  const picabia_bang_variable* what =
      VariableAt(*region, begin + static_cast<uintptr_t>(bad - state));
  if (what == nullptr) return;
  const int64_t byte =
      static_cast<int64_t>(begin + static_cast<uintptr_t>(bad - state) -
                           static_cast<uintptr_t>(region->delta) - At(what->address));
  Say(context, unset ? "uninitialised" : "async-read",
      verb + Defined(*what) +
          (unset ? ", which nothing has written,"
                 : " before the sync of an asynchronous copy into it,"),
      " at byte " + Number(byte));
  std::replace(state, state + n, uint8_t{kUnset}, uint8_t{kSet});  // once is enough
}

// False: it is no device memory.
bool Checker::CheckDevice(const Context& context, uintptr_t begin, int64_t bytes, bool write,
                          const Operation* operation) {
  const uintptr_t base = At(last_block_.base);
  if (last_block_.base == nullptr || begin < base || begin - base >= last_block_.bytes) {
    const uintptr_t line = begin >> 6;
    if (operation == nullptr && host_lines_[line % kHostLines] == line) return false;
    const auto& memory = mlu::DeviceMemory::Get();
    const void* address = reinterpret_cast<const void*>(begin);
    auto block = memory.Find(address);
    if (!block && (block = memory.FindNear(address))) {
      Say(context, "out-of-bounds",
          std::string(context.name) + (write ? " writes " : " reads ") + Number(bytes) +
              " bytes outside an allocation of " + Number(static_cast<int64_t>(block->bytes)) +
              " bytes of GDRAM, at offset " +
              Number(static_cast<int64_t>(begin - At(block->base))));
      return false;
    }
    if (!block) {
      host_lines_[line % kHostLines] = line;
      return false;
    }
    last_block_ = *block;
  }
  const int64_t past = static_cast<int64_t>(begin - At(last_block_.base)) + bytes -
                       static_cast<int64_t>(last_block_.bytes);
  if (past > 0)
    Say(context, "out-of-bounds",
        std::string(context.name) + (write ? " writes " : " reads ") +
            "past the end of an allocation of " + Number(static_cast<int64_t>(last_block_.bytes)) +
            " bytes of GDRAM, at most by " + Number(past) + " bytes");
  return true;
}

void Checker::NoteRace(const Context& context, uintptr_t begin, int64_t bytes, bool write,
                       const Operation* operation) {
  RaceDetector::Access access = {begin, begin + static_cast<uintptr_t>(bytes), write, false, 0};
  if (operation != nullptr) {
    access.atomic = operation->atomic;
    // All cores of a cluster copy the same: the card does it once.
    if (write && operation->unit == Unit::kCopy && operation->num_reads > 0 &&
        RegionOf(begin) != nullptr)
      access.tag =
          At(operation->reads[0].address) * 31 + static_cast<uint64_t>(operation->where.line);
  }
  Where where = context.where;
  if (context.pc != nullptr)
    where = {static_cast<const char*>(context.pc), -1};  // looked up when it is needed
  const Race race = races_->Note(ActorOf(*context.core), where, access);
  if (!race.found) return;
  const void* address = reinterpret_cast<const void*>(begin);
  if (!write || operation != nullptr || RegionOf(begin) == nullptr ||
      bytes > static_cast<int64_t>(sizeof(RacingStore::before)))
    return SayRace(context, race, write);
  racing_store_ = {context, address, static_cast<size_t>(bytes), {}, race};
  std::memcpy(racing_store_->before, address, racing_store_->bytes);
}

void Checker::Settle() {
  if (!racing_store_) return;
  const RacingStore store = *racing_store_;
  racing_store_.reset();
  if (std::memcmp(store.before, store.address, store.bytes) != 0)
    SayRace(store.context, store.race, true);
}

void Checker::SayRace(const Context& context, const Race& race, bool write) {
  Context other = context;
  other.pc = race.earlier.where.line == -1 ? race.earlier.where.file : nullptr;
  if (other.pc == nullptr) other.where = race.earlier.where;
  const std::string who =
      (context.core->clusterDim == 0 ? " by task " : " by core ") + Number(race.earlier.actor);
  Say(context, "race",
      std::string(context.name) + (write ? " writes" : " reads") + " what another core " +
          (race.earlier_writes ? "wrote" : "read") + " at " + Place(WhereOf(other)) +
          ", and no barrier lies between",
      "; there" + who);
}

void Checker::Misuse(const Core& core, const char* name, Where where, const char* text) {
  const Context context = {&core, name, where, nullptr};
  const bool copy = std::strncmp(name, "__memcpy", 8) == 0;
  Say(context, copy ? "unsupported-copy" : "alignment", std::string(name) + ": " + text);
}

void Checker::BadIndex(const Core& core, Where where, int64_t index) {
  Say({&core, "", where, nullptr}, "out-of-bounds",
      "index " + Number(index) + " is outside its array");
}

// ---- scalar accesses ----

void Checker::Access(const Core& core, const void* address, size_t bytes, bool write,
                     const void* pc) {
  const uintptr_t at = At(address);
  Settle();
  if (at - At(&core) < sizeof(Core) || at - At(core.stack->base()) < FiberStack::kBytes) return;
  const Context context = {&core, write ? "a store" : "a load", {}, pc};
  Region* region = last_region_ != nullptr && at >= last_region_->begin && at < last_region_->end
                       ? last_region_
                       : nullptr;
  if (region == nullptr && CheckDevice(context, at, static_cast<int64_t>(bytes), write, nullptr))
    return NoteRace(context, at, static_cast<int64_t>(bytes), write, nullptr);
  if (region == nullptr) region = RegionOf(at);
  if (region == nullptr) return;
  bool fine = at >= region->begin && at + bytes <= region->end;
  if (fine) {
    uint8_t* state = &region->state[at - region->begin];
    for (size_t i = 0; i < bytes; ++i) {
      fine &= write ? state[i] != kHole : state[i] == kSet;
      if (write && state[i] != kHole) state[i] = kSet;
    }
  }
  if (!fine) CheckOnChip(context, region, at, static_cast<int64_t>(bytes), write, nullptr);
  if (IsShared(region->space)) NoteRace(context, at, static_cast<int64_t>(bytes), write, nullptr);
}

// ---- order ----

void Checker::PipelineSync(const Core& core, Where /*where*/) {
  Settle();
  for (const auto& [begin, end] : pending_[core.index]) {
    Region* region = RegionOf(begin);
    if (region == nullptr) continue;
    auto* state = &region->state[begin - region->begin];
    std::replace(state, state + (end - begin), uint8_t{kPending}, uint8_t{kSet});
  }
  pending_[core.index].clear();
}

void Checker::Release(Sync /*kind*/, Core* const* cores, int count) {
  Settle();
  std::vector<int> actors;
  for (int i = 0; i < count; ++i) {
    actors.push_back(cores[i]->index);
    PipelineSync(*cores[i], {});
  }
  races_->Join(actors);
}

void Checker::Lock(const Core& core, int id) {
  Settle();
  races_->Lock(ActorOf(core), id);
}
void Checker::Unlock(const Core& core, int id) {
  Settle();
  races_->Unlock(ActorOf(core), id);
}

}  // namespace picabia::bang
