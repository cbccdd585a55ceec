#pragma once

#include "export/export_plan.h"
#include "export/text_sink.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

/// Where the numbers come from, for the comment of a header and for the manifest. Empty: not known.
struct SourceFacts {
    std::string file; ///< its name without the folder
    std::string sha256;
    std::string recipeSha256;
};

/// Called with the number of codes that were written since the last call; throws CancelledError to stop.
using CodesWritten = std::function<void(std::uint64_t)>;

/// Writes the header of one layer and returns the hash of each array's codes (int32, source order; nullopt where a code
/// does not fit, or the sink was full before the end). Throws ParseError naming the array and the element when a code
/// does not fit its word or the tensor's bytes are not there.
std::vector<std::optional<std::string>> writeHeader(
    const ExportHeader &header, const SourceFacts &source, TextSink &sink, const CodesWritten &written = {});

/// Parts of it.
std::string headerComment(const ExportHeader &header, const SourceFacts &source);
std::string arrayDefines(const ExportArray &array);
std::string scaleTables(const ExportArray &array);
std::string fixedPointView(const ExportHeader &header);
std::string includeGuard(const ExportHeader &header); ///< "QUANTSCOPE_CONV1_H"

/// quantscope_fixed.h, the helper that the fixed-point view includes.
constexpr std::string_view kFixedHelperName = "quantscope_fixed.h";
std::string_view fixedHelperText();

} // namespace quantscope
