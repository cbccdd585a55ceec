#include "formats/numpy/numpy.h"

#include "base/cursor.h"
#include "base/text.h"
#include "formats/numpy/npy_header.h"
#include "formats/zip/zip_archive.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr std::uint64_t kProblemText = 512;

void noteBehind(ModelFile &file, const TensorInfo &tensor, std::uint64_t behind)
{
    if (behind > 0)
        file.diagnostics.push_back({"bytes-behind-the-end", Severity::Warning, tensor.name,
            fmt::format("what follows the array{} is not read (bytes: {})",
                tensor.name.empty() ? "" : " '" + printable(tensor.name) + "'", grouped(behind))});
}

/// One array; one that cannot be read is there with its problem, since it hides no other.
TensorInfo readMember(const ZipArchive &archive, const ZipEntry &entry, const Limits &limits, std::uint64_t &behind)
{
    const std::string name(entry.name.substr(0, entry.name.size() - kSuffix.size()));
    TensorInfo tensor;
    try {
        Storage storage = archive.storage(entry);
        storage.id = static_cast<std::uint64_t>(&entry - archive.entries().data()) + 1;
        tensor = npyTensor(readNpyHeader(storage, limits), storage, limits, behind);
    } catch (const ParseError &error) {
        tensor = {};
        tensor.problem = error.what();
    }
    tensor.name = isUtf8(name) ? name : printable(name);
    return tensor;
}

void requireReadable(const ModelFile &file)
{
    const auto isBroken = [](const TensorInfo &tensor) { return !tensor.problem.empty(); };
    if (!file.tensors.empty() && std::ranges::all_of(file.tensors, isBroken))
        throw ParseError(
            fmt::format("array '{}': {}", printable(file.tensors.front().name), file.tensors.front().problem));
}

} // namespace

bool looksLikeNpy(std::span<const std::byte> head, const ReadRequest &) { return isNpy(head); }

bool looksLikeNpz(std::span<const std::byte> head, const ReadRequest &)
{
    constexpr std::size_t kNameLength = 26, kName = 30;
    const std::string_view text(reinterpret_cast<const char *>(head.data()), head.size());
    if (!text.starts_with("PK\x03\x04") || head.size() < kName)
        return false;
    const std::size_t length = Cursor(head.subspan(kNameLength)).u16();
    return text.substr(kName, length).ends_with(kSuffix);
}

ModelFile readNpy(const ReadRequest &request)
{
    ModelFile file;
    file.format = "numpy";
    const Storage storage{.source = request.source, .offset = 0, .bytes = request.source->size()};
    std::uint64_t behind = 0;
    file.tensors.push_back(npyTensor(readNpyHeader(storage, request.limits), storage, request.limits, behind));
    noteBehind(file, file.tensors.front(), behind);
    return file;
}

ModelFile readNpz(const ReadRequest &request)
{
    Budget budget(request.limits.readBytes + 2 * request.source->size());
    const ZipArchive archive(request.source, request.limits, budget);
    ModelFile file;
    file.format = "numpy";
    for (const ZipEntry &entry : archive.entries()) {
        if (!entry.name.ends_with(kSuffix)) {
            if (!entry.isFolder())
                file.diagnostics.push_back({"not-an-array", Severity::Warning, "",
                    fmt::format("'{}' in the archive is no array and is not read", printable(entry.name))});
            continue;
        }
        std::uint64_t behind = 0;
        budget.charge(
            2 * sizeof(TensorInfo) + sizeof(Diagnostic) + kProblemText + 3 * entry.name.size(), "the list of arrays");
        file.tensors.push_back(readMember(archive, entry, request.limits, behind));
        const TensorInfo &tensor = file.tensors.back();
        noteBehind(file, tensor, behind);
        if (!tensor.problem.empty())
            file.diagnostics.push_back({"array-unreadable", Severity::Error, tensor.name,
                fmt::format("array '{}': {}", printable(tensor.name), tensor.problem)});
    }
    requireReadable(file);
    return file;
}

} // namespace quantscope
