#pragma once

#include "base/named_source.h"

#include <list>
#include <memory>
#include <mutex>
#include <string>

namespace quantscope {

/// The few files of a model in many that are open: a system lets a process have some hundred.
class ShardPool {
public:
    /// Throws ParseError when the file is not there any more.
    std::shared_ptr<const FileSource> open(const std::string &path);

private:
    struct Opened {
        std::string path;
        std::shared_ptr<const FileSource> file;
    };
    std::mutex m_mutex;
    std::list<Opened> m_files; ///< most recently used first
};

/// A file that is opened when its bytes are asked for.
class ShardSource final : public NamedSource {
public:
    /// Throws ParseError when it is no file that can be read.
    ShardSource(std::string path, std::shared_ptr<ShardPool> pool);
    std::uint64_t size() const override { return m_size; }
    /// Throws ParseError also when another file took its place.
    void read(std::uint64_t offset, std::span<std::byte> out) const override;

private:
    std::shared_ptr<ShardPool> m_pool;
    std::uint64_t m_size = 0;
    FileIdentity m_identity;
};

} // namespace quantscope
