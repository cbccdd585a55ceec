#pragma once

#include "base/error.h"

#include <string>
#include <string_view>

namespace quantscope {

/// Writes a file so that the destination is the old one or the new one, never half: the bytes go to a temporary
/// name in the same folder, and commit() renames. A destroyed, uncommitted file is removed.
class AtomicFile {
public:
    /// Errors: the folder does not exist or is not writable.
    static Result<AtomicFile> create(const std::string &destination);
    AtomicFile(AtomicFile &&other) noexcept;
    AtomicFile &operator=(AtomicFile &&other) noexcept;
    ~AtomicFile();

    /// Errors of a full disk are kept and reported by close() or commit().
    void write(std::string_view bytes);
    /// Flushes everything to the temporary file so that a check can read it.
    Result<void> close();
    /// Closes if need be, then renames onto the destination.
    Result<void> commit();

    const std::string &temporaryPath() const { return m_temporary; }
    const std::string &destination() const { return m_destination; }

private:
    AtomicFile(std::string destination, std::string temporary, int descriptor);
    void flush();

    std::string m_destination;
    std::string m_temporary;
    std::string m_buffer;
    int m_descriptor = -1;
    int m_error = 0;
};

} // namespace quantscope
