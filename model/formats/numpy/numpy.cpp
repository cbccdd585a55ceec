#include "formats/numpy/numpy.h"

#include "base/cursor.h"
#include "base/text.h"
#include "formats/numpy/npy_header.h"
#include "formats/zip/zip_archive.h"

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::string_view kSuffix = ".npy";

void noteBehind(ModelFile &file, const TensorInfo &tensor, std::uint64_t behind)
{
    if (behind > 0)
        file.diagnostics.push_back({"bytes-behind-the-end", Severity::Warning, tensor.name,
            fmt::format("{} bytes follow the array{} and are not read", grouped(behind),
                tensor.name.empty() ? "" : " '" + printable(tensor.name) + "'")});
}

TensorInfo readMember(const ZipArchive &archive, const ZipEntry &entry, const Limits &limits, std::uint64_t &behind)
{
    const std::string name(entry.name.substr(0, entry.name.size() - kSuffix.size()));
    try {
        Storage storage = archive.storage(entry);
        storage.id = static_cast<std::uint64_t>(&entry - archive.entries().data()) + 1;
        TensorInfo tensor = npyTensor(readNpyHeader(storage, limits), storage, limits, behind);
        tensor.name = isUtf8(name) ? name : printable(name);
        return tensor;
    } catch (const ParseError &error) {
        throw ParseError(fmt::format("array '{}': {}", printable(name), error.what()), error.offset());
    }
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
        budget.charge(2 * sizeof(TensorInfo) + entry.name.size(), "the list of arrays");
        file.tensors.push_back(readMember(archive, entry, request.limits, behind));
        noteBehind(file, file.tensors.back(), behind);
    }
    return file;
}

} // namespace quantscope
