// From an address of an instrumented kernel to its line: reads the .debug_line section (DWARF 4,
// which cncc asks for) of the library that lies in the kernel's object.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace picabia::bang {

class LineTable {
 public:
  // An ELF file of this machine in memory. Empty when there is nothing to read in it.
  static LineTable Read(const unsigned char* begin, const unsigned char* end);

  struct Line {
    std::string file;
    int line = 0;
  };
  // address: relative to where the library was loaded. Line 0 when unknown.
  Line Find(uint64_t address) const;

 private:
  struct Row {
    uint64_t address;
    uint32_t file, line;
    bool end;
    uint32_t order;  // in which they were written: of one address the last counts
  };
  class Reader;
  std::vector<std::string> files_;
  std::vector<Row> rows_;  // by address
};

}  // namespace picabia::bang
