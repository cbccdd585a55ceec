#include "formats/quant_info/quant_info_reader.h"

#include "base/file_name.h"
#include "formats/quant_info/bias_corrections.h"
#include "formats/quant_info/quant_info_events.h"

#include <filesystem>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// A network of 10,000 tensors has some 600 KB.
constexpr std::uint64_t kMostQuantInfo = 64ull << 20;

QuantInfo readText(const ReadRequest &request)
{
    const std::uint64_t size = request.source->size();
    if (size > kMostQuantInfo)
        throw ParseError(
            fmt::format("is a JSON text of {} bytes, more than the {} that are read", size, kMostQuantInfo));
    Budget budget(request.limits.readBytes + 32 * size);
    const auto bytes = request.source->bytes(0, size);
    QuantInfo out;
    out.path = request.path;
    QuantInfoEvents events(budget, out);
    readJson({reinterpret_cast<const char *>(bytes.data()), bytes.size()}, 0, "the text", events);
    if (!events.isQuantInfo())
        throw ParseError("is a JSON text without the entries 'param', 'output' or 'input', so it is no quant_info.json "
                         "of vai_q_pytorch");
    return out;
}

/// What a bias needs beside its position.
void takeCorrections(QuantInfo &info)
{
    if (!info.biasCorrected)
        return;
    const std::filesystem::path path = std::filesystem::path(info.path).parent_path() / "bias_corr.pth";
    std::error_code failed;
    if (!std::filesystem::is_regular_file(path, failed)) {
        info.correctionsProblem = fmt::format("there is no bias_corr.pth beside {}", fileName(info.path));
        return;
    }
    auto read = readBiasCorrections(path.string());
    if (!read) {
        info.correctionsProblem = read.error().text();
        return;
    }
    info.corrections = std::move(*read);
    info.correctionsFile = fileName(path.string());
}

} // namespace

bool looksLikeQuantInfo(std::span<const std::byte> head, const ReadRequest &request)
{
    const std::string_view text(reinterpret_cast<const char *>(head.data()), head.size());
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == text.npos || text[first] != '{')
        return false;
    const std::string name = fileName(request.path);
    if (name.starts_with("quant_info") && name.ends_with(".json"))
        return true;
    const auto key = text.find("\"param\"");
    return key != text.npos && text.find("nndct_") != text.npos;
}

ModelFile readQuantInfo(const ReadRequest &request)
{
    auto info = std::make_shared<QuantInfo>(readText(request));
    takeCorrections(*info);
    ModelFile file;
    file.format = "quant-info";
    if (!info->version.empty())
        file.metadata["version"] = info->version;
    file.quantInfo = std::move(info);
    return file;
}

Result<QuantInfo> loadQuantInfo(const std::string &path)
{
    const auto source = FileSource::open(path);
    if (!source)
        return tl::unexpected(source.error());
    try {
        QuantInfo info = readText({*source, path, {}, {}});
        takeCorrections(info);
        return info;
    } catch (const ParseError &error) {
        return tl::unexpected(Error{ErrorKind::Parse, path, error.offset(), error.what()});
    }
}

} // namespace quantscope
