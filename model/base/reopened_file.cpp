#include "base/reopened_file.h"

namespace quantscope {

ReopenedFile::ReopenedFile(std::string path, const FileSource &opened)
    : m_path(std::move(path))
    , m_size(opened.size())
    , m_identity(opened.identity())
{
}

Result<std::shared_ptr<const ReopenedFile>> ReopenedFile::open(const std::string &path)
{
    const auto opened = FileSource::open(path);
    if (!opened)
        return tl::unexpected(opened.error());
    return std::shared_ptr<const ReopenedFile>(new ReopenedFile(path, **opened));
}

void ReopenedFile::read(std::uint64_t offset, std::span<std::byte> out) const
{
    const auto opened = FileSource::open(m_path);
    if (!opened)
        throw ParseError(opened.error().message, offset);
    if ((*opened)->identity() != m_identity)
        throw ParseError("was replaced by another file while it was read", offset);
    (*opened)->read(offset, out);
}

} // namespace quantscope
