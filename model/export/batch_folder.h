#pragma once

#include "base/error.h"

#include <filesystem>
#include <string>
#include <vector>

namespace quantscope {

/// Makes the folder of a batch; takes away what it made unless the batch was kept.
class BatchFolder {
public:
    explicit BatchFolder(std::string path);
    ~BatchFolder();
    BatchFolder(const BatchFolder &) = delete;
    BatchFolder &operator=(const BatchFolder &) = delete;

    /// With the folders above it. Errors: Io.
    Result<void> make();
    void keep() { m_kept = true; }
    /// The path of a file in it.
    std::string file(std::string_view name) const;

private:
    std::string m_path;
    std::vector<std::filesystem::path> m_made;
    bool m_kept = false;
};

} // namespace quantscope
