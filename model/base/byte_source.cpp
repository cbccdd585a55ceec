#include "base/byte_source.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace quantscope {

namespace {

void requireRange(std::uint64_t offset, std::uint64_t length, std::uint64_t size)
{
    if (offset > size || length > size - offset)
        throw ParseError(
            fmt::format("{} bytes are needed, but only {} are left", length, offset > size ? 0 : size - offset),
            offset);
}

} // namespace

std::vector<std::byte> ByteSource::bytes(std::uint64_t offset, std::uint64_t length) const
{
    requireRange(offset, length, size());
    std::vector<std::byte> out(length);
    read(offset, out);
    return out;
}

Result<std::shared_ptr<const FileSource>> FileSource::open(const std::string &path)
{
    const auto fail = [&](const std::string &message) {
        return tl::unexpected(Error{ErrorKind::Io, path, std::nullopt, message});
    };
    // O_NONBLOCK: opening a named pipe must not wait for a writer.
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return fail(std::string("cannot be opened: ") + std::strerror(errno));
    struct stat status { };
    if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        ::close(descriptor);
        return fail(S_ISDIR(status.st_mode) ? "is a folder, not a file" : "is not a regular file");
    }
    return std::shared_ptr<const FileSource>(new FileSource(
        descriptor, static_cast<std::uint64_t>(status.st_size), FileIdentity{status.st_dev, status.st_ino}));
}

FileSource::~FileSource() { ::close(m_descriptor); }

void FileSource::read(std::uint64_t offset, std::span<std::byte> out) const
{
    requireRange(offset, out.size(), m_size);
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got
            = ::pread(m_descriptor, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw ParseError(std::string("cannot be read: ") + std::strerror(errno), offset + done);
        if (got == 0)
            throw ParseError("ends early: the file became shorter while it was read", offset + done);
        done += static_cast<std::size_t>(got);
    }
}

void MemorySource::read(std::uint64_t offset, std::span<std::byte> out) const
{
    requireRange(offset, out.size(), m_bytes.size());
    if (!out.empty())
        std::memcpy(out.data(), m_bytes.data() + offset, out.size());
}

} // namespace quantscope
