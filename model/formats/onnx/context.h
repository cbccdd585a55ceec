#pragma once

#include "formats/onnx/external_data.h"
#include "formats/onnx/wire.h"
#include "formats/reader.h"

#include <string>
#include <string_view>
#include <utility>

namespace quantscope::onnx {

/// What every part of the reader shares while one file is read.
struct Context {
    explicit Context(const ReadRequest &r)
        : request(r)
        , window(*r.source)
        , external(r.path)
    {
    }

    const ReadRequest &request;
    WireWindow window;
    ExternalData external;
    ModelFile file;
    std::uint64_t ownedBytes = 0; ///< of all decoded typed fields, against limits.ownedTensorBytes
    std::uint64_t nodeCount = 0;
    std::uint64_t textBytes = 0; ///< of all names and texts that were read

    void report(std::string rule, Severity severity, std::string layer, std::string text)
    {
        file.diagnostics.push_back({std::move(rule), severity, std::move(layer), std::move(text)});
    }
};

/// Names are one line to read; what is longer is no name, and would only cost memory.
inline constexpr std::uint64_t kLongestText = 1u << 20;

/// The text of a field; empty when it is longer than kLongestText.
inline std::string textOf(Context &context, const Field &field)
{
    if (field.bytes.size() > kLongestText)
        return {};
    context.textBytes += field.bytes.size();
    return context.window.text(field.bytes);
}

} // namespace quantscope::onnx
