#include "formats/quant_info/bias_corrections.h"

#include "base/text.h"
#include "formats/pickle/pickle_machine.h"
#include "formats/torch/torch_zip.h"
#include "formats/zip/zip_archive.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// All corrections of a network are as many as its channels.
constexpr std::uint64_t kMostElements = 16'000'000;
constexpr std::uint64_t kMostBytes = 256ull << 20;

std::vector<float> listOf(const PickleTree &tree, PickleRef list, std::string_view node)
{
    std::vector<float> out;
    for (const PickleRef item : tree.items(list)) {
        if (tree.is(item, PickleKind::Float))
            out.push_back(static_cast<float>(tree.real(item)));
        else if (tree.is(item, PickleKind::Int))
            out.push_back(static_cast<float>(tree.integer(item)));
        else
            throw ParseError(fmt::format("its list '{}' holds something else than numbers", printable(node)));
    }
    return out;
}

std::vector<BiasCorrection> ofLists(const ReadRequest &request)
{
    Budget budget(request.limits.readBytes + 2 * request.source->size());
    const ZipArchive archive(request.source, request.limits, budget);
    const auto entries = archive.entries();
    const auto pickle
        = std::ranges::find_if(entries, [](const ZipEntry &entry) { return entry.name.ends_with("data.pkl"); });
    if (pickle == entries.end())
        throw ParseError("holds no pickle");
    const PickleTree tree = PickleMachine::run(
        archive.read(*pickle, request.limits.pickleBytes, budget), pickle->dataOffset, request.limits, budget);
    std::vector<BiasCorrection> out;
    const auto pairs = tree.is(tree.root, PickleKind::Dict) ? tree.pairs(tree.root) : std::span<const PickleRef>();
    std::uint64_t elements = 0;
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
        const bool isList = tree.is(pairs[i + 1], PickleKind::List) || tree.is(pairs[i + 1], PickleKind::Tuple);
        if (!tree.is(pairs[i], PickleKind::Text) || !isList)
            continue;
        elements += tree.items(pairs[i + 1]).size(); // one list may stand under many names
        if (elements > kMostElements)
            throw ParseError(fmt::format("holds more than {} numbers", kMostElements));
        const std::string node(tree.text(pairs[i]));
        out.push_back({node, listOf(tree, pairs[i + 1], node)});
    }
    return out;
}

std::vector<BiasCorrection> ofTensors(const ReadRequest &request)
{
    const ModelFile file = readTorchZip(request);
    std::vector<BiasCorrection> out;
    std::uint64_t elements = 0;
    for (const TensorInfo &tensor : file.tensors) {
        elements += tensor.count();
        if (elements > kMostElements)
            throw ParseError(fmt::format("holds more than {} numbers", kMostElements));
        out.push_back({tensor.name, readFloats(tensor)});
    }
    return out;
}

} // namespace

Result<std::vector<BiasCorrection>> readBiasCorrections(const std::string &path)
{
    const auto source = FileSource::open(path);
    if (!source)
        return tl::unexpected(source.error());
    const auto fail = [&](const std::string &why, std::optional<std::uint64_t> offset = {}) {
        return tl::unexpected(Error{ErrorKind::Parse, path, offset, why});
    };
    if ((*source)->size() > kMostBytes)
        return fail("is larger than any list of corrections");
    const ReadRequest request{*source, path, {}, {}};
    try {
        auto out = ofTensors(request);
        if (out.empty())
            out = ofLists(request);
        if (out.empty())
            return fail("holds no corrections: vai_q_pytorch writes a dict of lists by the names of nodes");
        return out;
    } catch (const ParseError &error) {
        return fail(error.what(), error.offset());
    }
}

} // namespace quantscope
