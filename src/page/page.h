// The look of the pages that reports are, and the parts that they have in common. A page needs
// nothing but itself: no network, no other file. Called by the reports of quant and studio.
#pragma once

#include <string>
#include <vector>

namespace picabia::page {

// Text as HTML shows it: & < > " become entities.
std::string Escape(const std::string& text);

// The functions below take HTML and return HTML.

// A number in large letters and what it is.
std::string Card(const std::string& value, const std::string& what);

// A PNG file in base64 with a caption, which is its text for those who cannot see it, too.
std::string Figure(const std::string& png, const std::string& caption);

// Plain lines under a heading; nothing where there are none. The lines are escaped here.
std::string Lines(const std::string& title, const std::vector<std::string>& lines);

// The whole page. `style` is CSS beyond the common one.
std::string Document(const std::string& title, const std::string& style, const std::string& body);

}  // namespace picabia::page
