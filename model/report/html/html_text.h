#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// Text of a file as HTML shows it and nothing else: printable() first, then & < > and both quotes as entities, so
/// that it can stand between tags and in attributes.
std::string htmlText(std::string_view text);

/// The same with its ends of lines kept.
std::string htmlLines(std::string_view text);

/// A row of cells that are HTML already; the first is the row's header.
std::string htmlRow(const std::vector<std::string> &cells);
/// <table> with a header row of plain words, in a box that scrolls by itself.
std::string htmlTable(std::string_view caption, const std::vector<std::string> &header, const std::string &rows);

} // namespace quantscope
