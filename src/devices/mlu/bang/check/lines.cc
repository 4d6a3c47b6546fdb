#include "devices/mlu/bang/check/lines.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

namespace picabia::bang {
namespace {

struct Section {
  const unsigned char* begin = nullptr;
  const unsigned char* end = nullptr;
};

template <typename T>
bool Copy(const unsigned char* begin, const unsigned char* end, uint64_t offset, T* to) {
  if (offset > static_cast<uint64_t>(end - begin) ||
      sizeof(T) > static_cast<uint64_t>(end - begin) - offset)
    return false;
  std::memcpy(to, begin + offset, sizeof(T));
  return true;
}

Section FindSection(const unsigned char* begin, const unsigned char* end, const char* name) {
  Elf64_Ehdr header;
  if (!Copy(begin, end, 0, &header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return {};
  Elf64_Shdr names;
  if (!Copy(begin, end, header.e_shoff + uint64_t{header.e_shstrndx} * sizeof(names), &names))
    return {};
  for (unsigned i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section;
    if (!Copy(begin, end, header.e_shoff + uint64_t{i} * sizeof(section), &section)) return {};
    const uint64_t size = static_cast<uint64_t>(end - begin);
    const uint64_t at = names.sh_offset + section.sh_name;
    const size_t length = std::strlen(name) + 1;
    if (at > size || length > size - at || std::memcmp(begin + at, name, length) != 0) continue;
    if (section.sh_offset > size || section.sh_size > size - section.sh_offset) return {};
    return {begin + section.sh_offset, begin + section.sh_offset + section.sh_size};
  }
  return {};
}

}  // namespace

// A cursor over the section; what goes past its end reads as 0 and stops.
class LineTable::Reader {
 public:
  Reader(Section section, LineTable* table)
      : at_(section.begin), end_(section.end), table_(table) {}

  void Run() {
    while (at_ < end_) Unit();
    std::sort(table_->rows_.begin(), table_->rows_.end(), [](const Row& a, const Row& b) {
      return a.address != b.address ? a.address < b.address : a.order < b.order;
    });
  }

 private:
  template <typename T>
  T Take() {
    T value = 0;
    if (static_cast<size_t>(end_ - at_) < sizeof(T)) {
      at_ = end_;
      return value;
    }
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  uint64_t Unsigned() {
    uint64_t value = 0;
    for (unsigned shift = 0; at_ < end_; shift += 7) {
      const unsigned char byte = *at_++;
      if (shift < 64) value |= static_cast<uint64_t>(byte & 127) << shift;
      if ((byte & 128) == 0) break;
    }
    return value;
  }
  int64_t Signed() {
    int64_t value = 0;
    unsigned shift = 0;
    unsigned char byte = 128;
    while (at_ < end_ && (byte & 128) != 0) {
      byte = *at_++;
      if (shift < 64) value |= static_cast<int64_t>(byte & 127) << shift;
      shift += 7;
    }
    if (shift < 64 && (byte & 64) != 0) value |= -(int64_t{1} << shift);
    return value;
  }
  std::string Text() {
    const auto* zero =
        static_cast<const unsigned char*>(std::memchr(at_, 0, static_cast<size_t>(end_ - at_)));
    const unsigned char* stop = zero == nullptr ? end_ : zero;
    std::string text(reinterpret_cast<const char*>(at_), static_cast<size_t>(stop - at_));
    at_ = zero == nullptr ? end_ : zero + 1;
    return text;
  }

  void Unit() {
    const auto length = Take<uint32_t>();
    const unsigned char* section_end = end_;
    if (length > static_cast<size_t>(end_ - at_)) {
      at_ = end_;
      return;
    }
    end_ = at_ + length;
    if (Take<uint16_t>() == 4) Program();
    at_ = end_;
    end_ = section_end;
  }

  void Program() {
    const auto header = Take<uint32_t>();
    const unsigned char* program = header > static_cast<size_t>(end_ - at_) ? end_ : at_ + header;
    minimum_ = Take<uint8_t>();
    Take<uint8_t>();  // operations an instruction
    Take<uint8_t>();  // default is_stmt
    base_ = static_cast<int8_t>(Take<uint8_t>());
    range_ = std::max<uint8_t>(1, Take<uint8_t>());
    opcodes_ = Take<uint8_t>();
    operands_.assign(1, 0);
    for (unsigned i = 1; i < opcodes_; ++i) operands_.push_back(Take<uint8_t>());
    while (at_ < end_ && !Text().empty()) {
    }  // folders
    first_file_ = table_->files_.size();
    for (std::string name; at_ < end_ && !(name = Text()).empty();) {
      table_->files_.push_back(name);
      Unsigned();  // folder
      Unsigned();  // time
      Unsigned();  // size
    }
    at_ = program;
    Restart();
    while (at_ < end_) Step();
  }

  void Restart() {
    address_ = 0;
    file_ = 1;
    line_ = 1;
  }
  void AddRow(bool end) {
    const uint64_t file = first_file_ + file_ - 1;
    table_->rows_.push_back({address_, static_cast<uint32_t>(std::min<uint64_t>(file, UINT32_MAX)),
                             static_cast<uint32_t>(line_), end,
                             static_cast<uint32_t>(table_->rows_.size())});
  }

  void Step() {
    const auto code = Take<uint8_t>();
    if (code >= opcodes_) {
      const unsigned adjusted = code - opcodes_;
      address_ += adjusted / range_ * minimum_;
      line_ += base_ + static_cast<int>(adjusted % range_);
      return AddRow(false);
    }
    switch (code) {
      case 0:
        return Extended();
      case 1:
        return AddRow(false);
      case 2:
        address_ += Unsigned() * minimum_;
        return;
      case 3:
        line_ += Signed();
        return;
      case 4:
        file_ = Unsigned();
        return;
      case 8:
        address_ += (255u - opcodes_) / range_ * minimum_;
        return;
      case 9:
        address_ += Take<uint16_t>();
        return;
      default:
        for (unsigned i = 0; i < operands_[code]; ++i) Unsigned();
    }
  }

  void Extended() {
    const uint64_t length = Unsigned();
    const unsigned char* next = length > static_cast<size_t>(end_ - at_) ? end_ : at_ + length;
    const auto code = Take<uint8_t>();
    if (code == 1) {
      AddRow(true);
      Restart();
    } else if (code == 2) {
      address_ = Take<uint64_t>();
    }
    at_ = next;
  }

  const unsigned char* at_;
  const unsigned char* end_;
  LineTable* table_;
  unsigned minimum_ = 1, range_ = 1, opcodes_ = 1;
  int base_ = 0;
  std::vector<uint8_t> operands_;
  uint64_t address_ = 0, file_ = 1, first_file_ = 0;
  int64_t line_ = 1;
};

LineTable LineTable::Read(const unsigned char* begin, const unsigned char* end) {
  LineTable table;
  const Section section = FindSection(begin, end, ".debug_line");
  if (section.begin != nullptr) Reader(section, &table).Run();
  return table;
}

LineTable::Line LineTable::Find(uint64_t address) const {
  auto row = std::upper_bound(rows_.begin(), rows_.end(), address,
                              [](uint64_t a, const Row& r) { return a < r.address; });
  if (row == rows_.begin()) return {};
  --row;
  if (row->end || row->file >= files_.size()) return {};
  return {files_[row->file], static_cast<int>(row->line)};
}

}  // namespace picabia::bang
