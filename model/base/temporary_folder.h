#pragma once

#include "base/error.h"

#include <string>

namespace quantscope {

/// A folder of its own under the system's temporary folder, removed with everything in it.
class TemporaryFolder {
public:
    /// Errors: Io when none can be made; the path is the one that was tried.
    static Result<TemporaryFolder> make();
    TemporaryFolder(TemporaryFolder &&other) noexcept;
    TemporaryFolder &operator=(TemporaryFolder &&other) noexcept;
    ~TemporaryFolder();

    const std::string &path() const { return m_path; }
    std::string file(const std::string &name) const { return m_path + "/" + name; }

private:
    explicit TemporaryFolder(std::string path);

    std::string m_path; ///< empty after it was moved from
};

} // namespace quantscope
