#pragma once

#include "export/export_array.h"
#include "export/writers/writer.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace quantscope {

/// The text of codes [begin, begin + codes.size()) of an array; `begin` is a multiple of the codes of a line.
using LinesOf = std::function<std::string_view(std::uint64_t begin, std::span<const std::int64_t> codes)>;

/// Sends an array's codes to the sink forwards, whole lines of `perLine` codes at a time and only as many as the sink
/// still wants. Returns the hash of the codes as CodeStream::sourceHash() does. Throws ParseError naming the array and
/// the element.
std::optional<std::string> writeCodeLines(const ExportArray &array, std::uint64_t perLine, const LinesOf &linesOf,
    TextSink &sink, const CodesWritten &written);

} // namespace quantscope
