#pragma once

#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// Rows as text: the first `leftColumns` are left-aligned, the others right-aligned, each to the widest of its column.
std::string alignedTable(const std::vector<std::vector<std::string>> &rows, std::size_t leftColumns);
/// One line of comma-separated values with its line end (RFC 4180 quoting).
std::string csvLine(const std::vector<std::string> &cells);
/// A cell of those lines: the shortest decimal that reads back as the same number; empty for what is not known.
std::string csvNumber(const std::optional<double> &value);

} // namespace quantscope
