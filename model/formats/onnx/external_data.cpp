#include "formats/onnx/external_data.h"

#include "base/checked.h"
#include "base/parse_number.h"
#include "base/reopened_file.h"
#include "base/text.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace quantscope::onnx {

namespace {

namespace fs = std::filesystem;

/// Decimal digits only: "-1", "0x10" and numbers beyond 64 bits are refused, as onnx's own checker does.
std::uint64_t decimal(const std::optional<std::string> &text, std::uint64_t missing, std::string_view what)
{
    if (!text)
        return missing;
    const auto value = parseNumber<std::uint64_t>(*text);
    if (!value)
        throw ParseError(fmt::format("external data: the {} '{}' is not a number", what, printable(*text)));
    return *value;
}

bool leavesFolder(std::string_view location)
{
    std::size_t begin = 0;
    while (begin <= location.size()) {
        const std::size_t end = std::min(location.find_first_of("/\\", begin), location.size());
        if (location.substr(begin, end - begin) == "..")
            return true;
        begin = end + 1;
    }
    return false;
}

bool hasDrive(std::string_view location)
{
    return location.size() >= 2 && location[1] == ':'
        && ((location[0] >= 'a' && location[0] <= 'z') || (location[0] >= 'A' && location[0] <= 'Z'));
}

void checkLocation(const std::string &location)
{
    const std::string shown = printable(location);
    if (location.empty() || location.find('\0') != std::string::npos)
        throw ParseError(fmt::format("external data: '{}' is not a file name", shown));
    if (location[0] == '/' || location[0] == '\\' || hasDrive(location))
        throw ParseError(fmt::format("external data: '{}' is an absolute path", shown));
    if (leavesFolder(location))
        throw ParseError(fmt::format("external data: '{}' leaves the model's folder", shown));
}

/// By the name that the model gives it, whatever it links to; or not there, and then nothing but that name.
class ExternalFile final : public NamedSource {
public:
    ExternalFile(std::string path, std::shared_ptr<const ByteSource> file)
        : NamedSource(std::move(path))
        , m_file(std::move(file))
    {
    }
    std::uint64_t size() const override { return m_file ? m_file->size() : 0; }
    void read(std::uint64_t offset, std::span<std::byte> out) const override
    {
        if (!m_file)
            throw ParseError("is not there", offset);
        m_file->read(offset, out);
    }

private:
    std::shared_ptr<const ByteSource> m_file;
};

} // namespace

ExternalData::ExternalData(const std::string &modelPath)
{
    const fs::path model(modelPath);
    m_folder = model.has_parent_path() ? model.parent_path() : fs::path(".");
    std::error_code error;
    if (fs::path folder = fs::canonical(m_folder, error); !error)
        m_folders.push_back(std::move(folder));
    if (const fs::path resolved = fs::canonical(model, error); !error)
        m_folders.push_back(resolved.parent_path());
}

bool ExternalData::isInside(const fs::path &file) const
{
    return std::ranges::any_of(m_folders, [&](const fs::path &folder) {
        return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
    });
}

std::shared_ptr<const NamedSource> ExternalData::open(const std::string &location)
{
    constexpr std::size_t kHeldOpen = 128; // files; exporters write one for each tensor of a large model
    if (const auto found = m_open.find(location); found != m_open.end())
        return found->second;
    std::error_code error;
    const fs::path file = fs::canonical(m_folder / location, error);
    if (error || !fs::is_regular_file(file, error))
        throw ParseError(fmt::format("external data: '{}' is not a file beside the model", printable(location)));
    // A link that leaves the folder would let a model show any file of this computer.
    if (!isInside(file))
        throw ParseError(
            fmt::format("external data: '{}' is a link that leaves the model's folder", printable(location)));
    std::shared_ptr<const NamedSource> &source = m_files[file];
    const auto keep = [&](const auto &opened) {
        if (!opened)
            throw ParseError(fmt::format("external data: '{}' {}", printable(location), opened.error().message));
        source = std::make_shared<const ExternalFile>(pathOf(location), *opened);
    };
    if (source == nullptr && m_files.size() <= kHeldOpen)
        keep(FileSource::open(file.string()));
    else if (source == nullptr)
        keep(ReopenedFile::open(file.string()));
    m_open[location] = source;
    return source;
}

std::string ExternalData::pathOf(const std::string &location) const
{
    return (m_folder / location).lexically_normal().string();
}

void ExternalData::attach(TensorInfo &tensor, const ExternalReference &reference, std::uint64_t neededBytes)
{
    if (!reference.location)
        throw ParseError("external data: no location is given");
    const std::uint64_t offset = decimal(reference.offset, 0, "offset");
    const std::uint64_t stated = decimal(reference.length, 0, "length");
    checkLocation(*reference.location);
    tensor.storage.source = std::make_shared<const ExternalFile>(pathOf(*reference.location), nullptr);
    const auto source = open(*reference.location);
    const std::string name = printable(*reference.location);
    if (offset > source->size())
        throw ParseError(
            fmt::format("external data: offset {} lies past the end of '{}' ({} bytes)", offset, name, source->size()));
    const std::uint64_t left = source->size() - offset;
    const std::uint64_t length = reference.length ? stated : left;
    if (length > left)
        throw ParseError(fmt::format("external data: {} bytes from offset {} pass the end of '{}' ({} bytes)", length,
            offset, name, source->size()));
    // Without a length the data runs to the end of the file, which may hold padding or other tensors.
    if (reference.length ? length != neededBytes : length < neededBytes)
        throw ParseError(
            fmt::format("external data: {} bytes in '{}', but the shape and type need {}", length, name, neededBytes));
    tensor.storage.source = source;
    tensor.storage.offset = offset;
    tensor.storage.bytes = neededBytes;
}

} // namespace quantscope::onnx
