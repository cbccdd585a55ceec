#include "base/atomic_file.h"

#include "base/stale_files.h"
#include "base/writer_mark.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::size_t kBufferBytes = 1 << 20;
constexpr std::size_t kLongestFileName = 255; // NAME_MAX

/// The end of the name is kept, with the extension: compilers that check the temporary file look at it.
std::string temporaryName(unsigned number, const std::string &name)
{
    const std::string beginning = fmt::format("{}{}-{}-", kTemporaryFile, writerMark(), number);
    const std::size_t room = kLongestFileName - beginning.size();
    return beginning + (name.size() > room ? name.substr(name.size() - room) : name);
}

tl::unexpected<Error> ioError(const std::string &path, std::string_view what, int number)
{
    return tl::unexpected(Error{ErrorKind::Io, path, std::nullopt, fmt::format("{}: {}", what, std::strerror(number))});
}

} // namespace

AtomicFile::AtomicFile(std::string destination, std::string temporary, int descriptor)
    : m_destination(std::move(destination))
    , m_temporary(std::move(temporary))
    , m_descriptor(descriptor)
{
    m_buffer.reserve(kBufferBytes);
}

AtomicFile::AtomicFile(AtomicFile &&other) noexcept
    : m_destination(std::move(other.m_destination))
    , m_temporary(std::exchange(other.m_temporary, {}))
    , m_buffer(std::move(other.m_buffer))
    , m_descriptor(std::exchange(other.m_descriptor, -1))
    , m_error(other.m_error)
{
}

AtomicFile &AtomicFile::operator=(AtomicFile &&other) noexcept
{
    std::swap(m_destination, other.m_destination);
    std::swap(m_temporary, other.m_temporary);
    std::swap(m_buffer, other.m_buffer);
    std::swap(m_descriptor, other.m_descriptor);
    std::swap(m_error, other.m_error);
    return *this;
}

AtomicFile::~AtomicFile()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
    if (!m_temporary.empty())
        ::unlink(m_temporary.c_str());
}

Result<AtomicFile> AtomicFile::create(const std::string &destination)
{
    struct stat status { };
    const bool isThere = ::stat(destination.c_str(), &status) == 0;
    const auto refused = [&](const char *why) {
        return tl::unexpected(Error{ErrorKind::Io, destination, std::nullopt, why});
    };
    if (isThere && S_ISDIR(status.st_mode))
        return refused("is a folder, so no file can be written there");
    if (isThere && !S_ISREG(status.st_mode)) // a rename would put a file in the place of a device or a pipe
        return refused("is a device or a pipe, so no file can be written there");
    static std::atomic<unsigned> counter = 0;
    const auto slash = destination.find_last_of('/');
    const std::string folder = slash == std::string::npos ? "" : destination.substr(0, slash + 1);
    const std::string name = slash == std::string::npos ? destination : destination.substr(slash + 1);
    clearStaleFiles(folder);
    for (int attempt = 0; attempt < 100; ++attempt) {
        const std::string temporary = folder + temporaryName(counter++, name);
        const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0)
            return AtomicFile(destination, temporary, descriptor);
        if (errno != EEXIST)
            return ioError(destination, "cannot be written", errno);
    }
    return ioError(destination, "cannot be written", EEXIST);
}

void AtomicFile::write(std::string_view bytes)
{
    m_buffer.append(bytes);
    if (m_buffer.size() >= kBufferBytes)
        flush();
}

void AtomicFile::flush()
{
    std::string_view rest = m_buffer;
    while (!rest.empty() && m_error == 0) {
        const ssize_t written = ::write(m_descriptor, rest.data(), rest.size());
        if (written < 0 && errno != EINTR)
            m_error = errno;
        else if (written > 0)
            rest.remove_prefix(static_cast<std::size_t>(written));
    }
    m_buffer.clear();
}

Result<void> AtomicFile::close()
{
    if (m_descriptor >= 0) {
        flush();
        // fsync: a rename that outlives the data after a power cut would be a half-written export.
        if (m_error == 0 && ::fsync(m_descriptor) != 0 && errno != EINVAL)
            m_error = errno;
        if (::close(std::exchange(m_descriptor, -1)) != 0 && m_error == 0)
            m_error = errno;
    }
    if (m_error != 0)
        return ioError(m_destination, "cannot be written", m_error);
    return {};
}

Result<void> AtomicFile::commit()
{
    if (auto closed = close(); !closed)
        return closed;
    if (::rename(m_temporary.c_str(), m_destination.c_str()) != 0)
        return ioError(m_destination, "cannot be replaced", errno);
    m_temporary.clear();
    return {};
}

} // namespace quantscope
