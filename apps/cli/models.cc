// Model files and embedded styles; see models.h.
#include "apps/cli/models.h"

#include <cstring>

namespace picabia::cli {

std::string StyleNames() {
  std::string names;
  for (const EmbeddedStyle& style : EmbeddedStyles()) {
    names += (names.empty() ? "" : ", ") + std::string(style.name);
  }
  return names.empty() ? "none" : names;
}

Result<EmbeddedStyle> FindStyle(const std::string& name) {
  for (const EmbeddedStyle& style : EmbeddedStyles()) {
    if (name.empty() || name == style.name) return style;
  }
  if (name.empty()) return NotFound("this program has no styles inside: give --model FILE");
  return NotFound("there is no style \"" + name + "\"; the styles are: " + StyleNames());
}

Result<ProgramPointer> LoadStyle(const std::string& name) {
  PICABIA_ASSIGN_OR_RETURN(const EmbeddedStyle style, FindStyle(name));
  auto program = program::ReadProgram(style.bytes, nullptr);  // the bytes live as long as we do
  if (!program.ok()) return program.status().WithContext(kStylePrefix + std::string(style.name));
  return std::make_shared<const program::Program>(*std::move(program));
}

Result<ProgramPointer> LoadAnyModel(const std::string& model,
                                    const compile::CompileOptions& options) {
  if (!model.starts_with(kStylePrefix)) return compile::LoadModel(model, options);
  return LoadStyle(model.substr(std::strlen(kStylePrefix)));
}

}  // namespace picabia::cli
