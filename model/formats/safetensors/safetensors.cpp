#include "formats/safetensors/safetensors.h"

#include "base/cursor.h"
#include "base/text.h"
#include "formats/safetensors/header.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

bool looksLikeSafetensors(std::span<const std::byte> head, const ReadRequest &request)
{
    constexpr std::size_t kBrace = 8;
    if (head.size() <= kBrace || head[kBrace] != std::byte{'{'})
        return false;
    // Other formats may have a brace there, but hardly small numbers before it.
    const std::uint64_t length = Cursor(head).u64();
    return (length >= 2 && length < (1ull << 32)) || request.path.ends_with(".safetensors");
}

ModelFile readSafetensors(const ReadRequest &request)
{
    Budget budget(request.limits.readBytes + 2 * request.source->size());
    SafetensorsHeader header = readSafetensorsHeader(request.source, request.limits, budget);
    ModelFile file;
    file.format = "safetensors";
    file.tensors = std::move(header.tensors);
    for (auto &[key, value] : header.metadata)
        file.metadata.emplace("safetensors." + key, std::move(value));
    const auto isUnknown = [](const TensorInfo &tensor) { return tensor.dtype == DType::Unknown; };
    if (!file.tensors.empty() && std::ranges::all_of(file.tensors, isUnknown))
        throw ParseError(fmt::format("tensor '{}' {}, and the file has no other tensor that it does know",
            printable(file.tensors.front().name), file.tensors.front().problem));
    for (const TensorInfo &tensor : file.tensors)
        if (isUnknown(tensor))
            file.diagnostics.push_back({"unknown-element-type", Severity::Error, tensor.name,
                fmt::format("tensor '{}' {}", printable(tensor.name), tensor.problem)});
    if (file.tensors.empty())
        file.diagnostics.push_back({"no-tensors", Severity::Warning, "", "the file holds no tensors"});
    return file;
}

} // namespace quantscope
