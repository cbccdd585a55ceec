#include "formats/sharded/shard_source.h"

#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

std::shared_ptr<const FileSource> ShardPool::open(const std::string &path)
{
    constexpr std::size_t kMost = 32;
    const std::lock_guard lock(m_mutex);
    const auto found = std::ranges::find(m_files, path, &Opened::path);
    if (found != m_files.end()) {
        m_files.splice(m_files.begin(), m_files, found);
        return m_files.front().file;
    }
    const auto file = FileSource::open(path);
    if (!file)
        throw ParseError(file.error().message);
    if (m_files.size() == kMost)
        m_files.pop_back();
    m_files.push_front({path, *file});
    return *file;
}

ShardSource::ShardSource(std::string path, std::shared_ptr<ShardPool> pool)
    : NamedSource(std::move(path))
    , m_pool(std::move(pool))
{
    const auto file = m_pool->open(this->path());
    m_size = file->size();
    m_identity = file->identity();
}

void ShardSource::read(std::uint64_t offset, std::span<std::byte> out) const
{
    const auto file = m_pool->open(this->path());
    if (file->size() != m_size || file->identity() != m_identity)
        throw ParseError(fmt::format("{} changed since it was opened", printable(path())));
    file->read(offset, out);
}

} // namespace quantscope
