#pragma once

#include "base/sha256.h"
#include "dialects/onnx/recover.h"
#include "formats/onnx/onnx_reader.h"
#include "network/network.h"
#include "quant/code_reader.h"

#include <string>
#include <vector>

namespace quantscope::test {

inline std::shared_ptr<const ModelFile> readOnnxFile(const std::string &path)
{
    auto source = FileSource::open(path);
    if (!source)
        throw ParseError(source.error().text());
    return std::make_shared<ModelFile>(readOnnx({*source, path, {}, {}}));
}

inline Network recoverOnnxFile(const std::string &path)
{
    const auto file = readOnnxFile(path);
    Network network = listOnnx(file);
    network.diagnostics = file->diagnostics;
    recoverOnnx(network, {});
    return network;
}

/// SHA-256 of the codes as int32, as the goldens have it; bit patterns for minifloats.
inline std::string codesSha256(const SlotQuantizer &slot)
{
    CodeReader reader(slot);
    std::vector<std::int32_t> codes(reader.count());
    if (slot.quantizer->rule == CodeRule::BitPattern) {
        std::vector<float> patterns(codes.size());
        reader.codes(0, patterns);
        for (std::size_t i = 0; i < codes.size(); ++i)
            codes[i] = static_cast<std::int32_t>(patterns[i]);
    } else {
        std::vector<std::int64_t> wide(codes.size());
        reader.integers(0, wide);
        for (std::size_t i = 0; i < codes.size(); ++i)
            codes[i] = static_cast<std::int32_t>(wide[i]);
    }
    return sha256(std::as_bytes(std::span(codes)));
}

} // namespace quantscope::test
