#include "base/temporary_folder.h"

#include "base/stale_files.h"
#include "base/writer_mark.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

namespace quantscope {

TemporaryFolder::TemporaryFolder(std::string path)
    : m_path(std::move(path))
{
}

TemporaryFolder::TemporaryFolder(TemporaryFolder &&other) noexcept
    : m_path(std::exchange(other.m_path, {}))
{
}

TemporaryFolder &TemporaryFolder::operator=(TemporaryFolder &&other) noexcept
{
    std::swap(m_path, other.m_path);
    return *this;
}

TemporaryFolder::~TemporaryFolder()
{
    if (m_path.empty())
        return;
    std::error_code ignored;
    std::filesystem::remove_all(m_path, ignored);
}

Result<TemporaryFolder> TemporaryFolder::make()
{
    std::error_code error;
    const std::filesystem::path base = std::filesystem::temp_directory_path(error);
    const std::filesystem::path in = error ? std::filesystem::path("/tmp") : base;
    clearStaleFolders(in.string());
    std::string pattern = in / fmt::format("{}{}-XXXXXX", kTemporaryFolder, writerMark());
    const std::string tried = pattern; // mkdtemp may write into its argument
    if (::mkdtemp(pattern.data()) == nullptr)
        return tl::unexpected(Error{ErrorKind::Io, tried, std::nullopt,
            fmt::format("no temporary folder can be made: {}", std::strerror(errno))});
    return TemporaryFolder(std::move(pattern));
}

} // namespace quantscope
