#include "run/npz_writer.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>
#include <zlib.h>

namespace quantscope {

namespace {

constexpr std::size_t kCopiedAtOnce = 1 << 20;
constexpr std::uint32_t kIn64Bits = 0xFFFFFFFF;
constexpr std::size_t kLongestName = 0xFFFF - 4; ///< of an array, with ".npy" in 16 bits

/// NumPy's format, version 1.0: what stands before the elements, a multiple of 64 bytes.
std::string npyHead(const Shape &shape)
{
    constexpr std::size_t kAligned = 64, kBefore = 10;
    std::string dict = fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}{}), }}",
        fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
    dict.append(kAligned - (kBefore + dict.size() + 1) % kAligned, ' ');
    dict += '\n';
    const auto length = static_cast<std::uint16_t>(dict.size());
    std::string out("\x93NUMPY\x01\x00", 8);
    out.append(reinterpret_cast<const char *>(&length), sizeof length);
    return out + dict;
}

/// Little-endian fields of a zip record (APPNOTE.TXT 6.3.10).
class ZipRecord {
public:
    template <class T> ZipRecord &put(T value)
    {
        m_bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
        return *this;
    }
    ZipRecord &text(const std::string &value)
    {
        m_bytes += value;
        return *this;
    }
    const std::string &bytes() const { return m_bytes; }

private:
    std::string m_bytes;
};

struct ZipMember {
    std::string name;
    std::uint64_t size = 0, offset = 0;
    std::uint32_t crc = 0;
};

std::uint32_t short32(std::uint64_t value)
{
    return value >= kIn64Bits ? kIn64Bits : static_cast<std::uint32_t>(value);
}

constexpr std::uint16_t kNeeds = 45, kUtf8Names = 1 << 11, kStored = 0, kMidnight = 0, kFirstOf1980 = 0x21;

/// Sizes stand in a zip64 field, whatever they are: the length of the header does not depend on them.
std::string localHeader(const ZipMember &member)
{
    ZipRecord out;
    out.put<std::uint32_t>(0x04034B50).put(kNeeds).put(kUtf8Names).put(kStored).put(kMidnight).put(kFirstOf1980);
    out.put(member.crc).put(kIn64Bits).put(kIn64Bits);
    out.put(static_cast<std::uint16_t>(member.name.size())).put<std::uint16_t>(20).text(member.name);
    out.put<std::uint16_t>(1).put<std::uint16_t>(16).put(member.size).put(member.size);
    return out.bytes();
}

std::string directoryEntry(const ZipMember &member)
{
    ZipRecord out;
    out.put<std::uint32_t>(0x02014B50).put(kNeeds).put(kNeeds).put(kUtf8Names).put(kStored);
    out.put(kMidnight).put(kFirstOf1980).put(member.crc).put(kIn64Bits).put(kIn64Bits);
    out.put(static_cast<std::uint16_t>(member.name.size())).put<std::uint16_t>(28);
    out.put<std::uint16_t>(0).put<std::uint16_t>(0).put<std::uint16_t>(0).put<std::uint32_t>(0).put(kIn64Bits);
    out.text(member.name).put<std::uint16_t>(1).put<std::uint16_t>(24);
    out.put(member.size).put(member.size).put(member.offset);
    return out.bytes();
}

std::string directoryEnd(std::uint64_t entries, std::uint64_t offset, std::uint64_t length)
{
    ZipRecord out;
    out.put<std::uint32_t>(0x06064B50).put<std::uint64_t>(44).put(kNeeds).put(kNeeds);
    out.put<std::uint32_t>(0).put<std::uint32_t>(0).put(entries).put(entries).put(length).put(offset);
    out.put<std::uint32_t>(0x07064B50).put<std::uint32_t>(0).put(offset + length).put<std::uint32_t>(1);
    const auto count = static_cast<std::uint16_t>(std::min<std::uint64_t>(entries, 0xFFFF));
    out.put<std::uint32_t>(0x06054B50).put<std::uint16_t>(0).put<std::uint16_t>(0).put(count).put(count);
    out.put(short32(length)).put(short32(offset)).put<std::uint16_t>(0);
    return out.bytes();
}

std::string folderOf(const std::string &path)
{
    const auto slash = path.find_last_of('/');
    return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

} // namespace

NpzWriter::Spool::Spool(const std::string &folder)
{
    std::string name = folder + "/.quantscope-array-XXXXXX";
    m_descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (m_descriptor < 0)
        m_error = errno;
    else
        ::unlink(name.c_str());
}

NpzWriter::Spool::~Spool()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

void NpzWriter::Spool::write(std::span<const float> values)
{
    auto bytes = std::as_bytes(values);
    m_crc = static_cast<std::uint32_t>(::crc32_z(m_crc, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size()));
    m_bytes += bytes.size();
    while (!bytes.empty() && m_error == 0) {
        const ssize_t written = ::write(m_descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR)
            m_error = errno;
        else if (written > 0)
            bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
}

std::uint32_t NpzWriter::Spool::crcBehind(std::string_view head) const
{
    const uLong before = ::crc32_z(0, reinterpret_cast<const Bytef *>(head.data()), head.size());
    return static_cast<std::uint32_t>(::crc32_combine(before, m_crc, static_cast<z_off_t>(m_bytes)));
}

void NpzWriter::Spool::copyTo(AtomicFile &file)
{
    std::string piece(kCopiedAtOnce, '\0');
    off_t at = 0;
    for (ssize_t got = 1; got != 0 && m_error == 0;) {
        got = ::pread(m_descriptor, piece.data(), piece.size(), at);
        if (got < 0) {
            m_error = errno == EINTR ? 0 : errno;
            continue;
        }
        const std::string_view bytes(piece.data(), static_cast<std::size_t>(got));
        file.write(bytes);
        at += got;
    }
}

Result<NpzWriter> NpzWriter::create(const std::string &destination)
{
    auto file = AtomicFile::create(destination);
    if (!file)
        return tl::unexpected(file.error());
    return NpzWriter(std::move(*file), folderOf(destination));
}

Error NpzWriter::error(const std::string &why) const
{
    return {ErrorKind::Io, m_file.destination(), std::nullopt, "cannot be written: " + why};
}

void NpzWriter::add(const std::string &name, const Shape &shape, std::span<const float> values)
{
    if (!m_problem.empty())
        return;
    auto found = std::ranges::find(m_arrays, name, &Waiting::name);
    if (name.size() > kLongestName) {
        m_problem
            = fmt::format("the name of an array has {} bytes, and a zip archive holds {}", name.size(), kLongestName);
        return;
    }
    if (found == m_arrays.end()) {
        found = m_arrays.emplace(m_arrays.end(), name, shape, m_folder);
    } else if (shape.size() == found->shape.size()
        && std::equal(shape.begin() + 1, shape.end(), found->shape.begin() + 1)) {
        found->shape.front() += shape.front();
    } else {
        m_problem = fmt::format("array \"{}\" has other shapes for other samples", name);
        return;
    }
    found->spool.write(values);
    if (found->spool.error() != 0)
        m_problem = std::strerror(found->spool.error());
}

Result<void> NpzWriter::commit()
{
    std::vector<ZipMember> members;
    std::uint64_t at = 0;
    for (Waiting &array : m_arrays) {
        if (!m_problem.empty())
            break;
        const std::string head = npyHead(array.shape);
        ZipMember member{array.name + ".npy", head.size() + elementCount(array.shape) * sizeof(float), at, 0};
        member.crc = array.spool.crcBehind(head);
        const std::string local = localHeader(member);
        m_file.write(local);
        m_file.write(head);
        array.spool.copyTo(m_file);
        if (array.spool.error() != 0)
            m_problem = std::strerror(array.spool.error());
        at += local.size() + member.size;
        members.push_back(std::move(member));
    }
    if (!m_problem.empty())
        return tl::unexpected(error(m_problem));
    std::string directory;
    for (const ZipMember &member : members)
        directory += directoryEntry(member);
    m_file.write(directory);
    m_file.write(directoryEnd(members.size(), at, directory.size()));
    return m_file.commit();
}

} // namespace quantscope
