#pragma once

#include "base/byte_source.h"

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

namespace quantscope {

/// A raw deflate stream inside a file.
struct DeflatedMember {
    std::shared_ptr<const ByteSource> source;
    std::uint64_t offset = 0;
    std::uint64_t storedSize = 0;
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    std::string name;
};

class InflateStream;

/// The few streams that are being inflated. Deflate only goes forward, so a stream is kept where it stands; a limited
/// number of them keeps a checkpoint of many deflated storages from filling the memory.
class InflatePool {
public:
    InflatePool();
    ~InflatePool();
    /// Throws ParseError when the member is damaged or `out` passes its end.
    void read(const DeflatedMember &member, std::uint64_t offset, std::span<std::byte> out);

private:
    std::mutex m_mutex;
    std::list<std::unique_ptr<InflateStream>> m_streams; ///< most recently used first
};

/// A deflated member as random-access bytes. Forward reading is cheap; going back more than a window starts anew.
/// Reading to the end also checks the CRC.
class InflatedSource final : public ByteSource {
public:
    InflatedSource(DeflatedMember member, std::shared_ptr<InflatePool> pool)
        : m_member(std::move(member))
        , m_pool(std::move(pool))
    {
    }
    std::uint64_t size() const override { return m_member.size; }
    void read(std::uint64_t offset, std::span<std::byte> out) const override;

private:
    DeflatedMember m_member;
    std::shared_ptr<InflatePool> m_pool;
};

} // namespace quantscope
