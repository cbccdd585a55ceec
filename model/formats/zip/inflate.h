#pragma once

#include "base/byte_source.h"
#include "base/limits.h"

#include <cstdint>
#include <list>
#include <map>
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
    std::string name; ///< as errors call it: "member 'x' of the zip archive"
};

class InflateStream;

/// The few streams that are being inflated. Deflate only goes forward, so a stream is kept where it stands; a limited
/// number of them keeps a checkpoint of many deflated storages from filling the memory. A member that is read back and
/// forth is inflated once and held, as far as the memory for that goes; a larger one is refused before it costs its
/// size over and over.
class InflatePool {
public:
    explicit InflatePool(std::uint64_t heldBytes = Limits().inflateBytes);
    ~InflatePool();
    /// Throws ParseError when the member is damaged, `out` passes its end, or it is too large to be read in this order.
    void read(const DeflatedMember &member, std::uint64_t offset, std::span<std::byte> out);

private:
    struct Held {
        DeflatedMember member;
        std::vector<std::byte> bytes;
    };
    bool takeStream(const DeflatedMember &member, std::uint64_t offset);
    bool readHeld(const DeflatedMember &member, std::uint64_t offset, std::span<std::byte> out);
    bool wantsHolding(const DeflatedMember &member) const;
    void hold(const DeflatedMember &member);

    std::mutex m_mutex;
    std::list<std::unique_ptr<InflateStream>> m_streams; ///< most recently used first
    std::list<Held> m_held; ///< likewise
    std::map<std::uint64_t, std::uint64_t> m_inflated; ///< bytes so far, by a member's offset
    std::uint64_t m_heldLimit, m_heldBytes = 0;
};

/// A deflated member as random-access bytes. Forward reading is cheap; going back more than a window starts anew, and
/// doing so again and again inflates it whole.
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
