#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

namespace quantscope::test {

/// Writes small zip archives for tests, correct unless a field is set otherwise.
class ZipBuilder {
public:
    struct Member {
        std::string name;
        std::string content; ///< inflated
        bool deflate = false;
        std::uint16_t flags = 0;
        std::string localExtra; ///< the directory has none
    };

    ZipBuilder &add(Member member)
    {
        const auto crc = static_cast<std::uint32_t>(::crc32(
            0, reinterpret_cast<const Bytef *>(member.content.data()), static_cast<uInt>(member.content.size())));
        const std::string stored = member.deflate ? deflated(member.content) : member.content;
        const std::uint16_t method = member.deflate ? 8 : 0;
        const auto offset = static_cast<std::uint32_t>(m_body.size());
        m_body += "PK\x03\x04";
        common(m_body, member, method, crc, stored.size());
        put(m_body, static_cast<std::uint16_t>(member.name.size()));
        put(m_body, static_cast<std::uint16_t>(member.localExtra.size()));
        m_body += member.name + member.localExtra + stored;
        m_directory += "PK\x01\x02";
        put(m_directory, std::uint16_t{20});
        common(m_directory, member, method, crc, stored.size());
        put(m_directory, static_cast<std::uint16_t>(member.name.size()));
        m_directory.append(2 + 2 + 2 + 2 + 4, '\0'); // extra, comment, disk, attributes
        put(m_directory, offset);
        m_directory += member.name;
        ++m_count;
        return *this;
    }
    ZipBuilder &add(const std::string &name, const std::string &content, bool deflate = false)
    {
        return add(Member{name, content, deflate, 0, {}});
    }

    std::string finish(const std::string &comment = {}) const
    {
        std::string out = m_body + m_directory + "PK\x05\x06";
        out.append(4, '\0');
        put(out, m_count);
        put(out, m_count);
        put(out, static_cast<std::uint32_t>(m_directory.size()));
        put(out, static_cast<std::uint32_t>(m_body.size()));
        put(out, static_cast<std::uint16_t>(comment.size()));
        return out + comment;
    }

private:
    template <class T> static void put(std::string &out, T value)
    {
        char bytes[sizeof(T)];
        std::memcpy(bytes, &value, sizeof(T));
        out.append(bytes, sizeof(T));
    }
    static void common(
        std::string &out, const Member &member, std::uint16_t method, std::uint32_t crc, std::size_t stored)
    {
        put(out, std::uint16_t{20});
        put(out, member.flags);
        put(out, method);
        put(out, std::uint32_t{0});
        put(out, crc);
        put(out, static_cast<std::uint32_t>(stored));
        put(out, static_cast<std::uint32_t>(member.content.size()));
    }
    static std::string deflated(const std::string &content)
    {
        z_stream z{};
        deflateInit2(&z, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
        std::string out(deflateBound(&z, static_cast<uLong>(content.size())), '\0');
        z.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(content.data()));
        z.avail_in = static_cast<uInt>(content.size());
        z.next_out = reinterpret_cast<Bytef *>(out.data());
        z.avail_out = static_cast<uInt>(out.size());
        ::deflate(&z, Z_FINISH);
        out.resize(z.total_out);
        deflateEnd(&z);
        return out;
    }

    std::string m_body;
    std::string m_directory;
    std::uint16_t m_count = 0;
};

inline std::vector<std::byte> toBytes(std::string_view text)
{
    const auto *begin = reinterpret_cast<const std::byte *>(text.data());
    return {begin, begin + text.size()};
}

/// An archive as torch.save writes it, around a given pickle and one storage.
inline std::vector<std::byte> checkpoint(const std::string &pickle, const std::string &storage = std::string(32, '\0'))
{
    return toBytes(ZipBuilder()
                       .add("archive/data.pkl", pickle)
                       .add("archive/data/0", storage)
                       .add("archive/version", "3\n")
                       .finish());
}

} // namespace quantscope::test
