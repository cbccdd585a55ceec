#include "export/code_lines.h"

#include "export/code_stream.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// Leaves codes and text in the second-level cache.
constexpr std::uint64_t kLinesChunk = 1 << 13;

} // namespace

std::optional<std::string> writeCodeLines(const ExportArray &array, std::uint64_t perLine, const LinesOf &linesOf,
    TextSink &sink, const CodesWritten &written)
{
    try {
        CodeStream stream(array);
        std::vector<std::int64_t> codes;
        const std::uint64_t most = std::max<std::uint64_t>(1, kLinesChunk / perLine); // lines at once
        for (std::uint64_t begin = 0; begin < array.count && !sink.full(); begin += codes.size()) {
            const auto wanted = sink.linesLeft();
            const std::uint64_t lines = wanted ? std::min<std::uint64_t>(*wanted, most) : most;
            codes.resize(std::min(lines * perLine, array.count - begin));
            wanted ? stream.readFew(begin, codes) : stream.read(begin, codes);
            sink.write(linesOf(begin, codes));
            if (written)
                written(codes.size());
        }
        return stream.sourceHash();
    } catch (const ParseError &error) {
        throw ParseError(fmt::format("{} cannot be written: {}", array.symbol, error.what()), error.offset());
    }
}

} // namespace quantscope
