#include "export/batch_folder.h"

#include <utility>

namespace quantscope {

BatchFolder::BatchFolder(std::string path)
    : m_path(std::move(path))
{
}

BatchFolder::~BatchFolder()
{
    std::error_code ignored;
    for (auto made = m_made.rbegin(); !m_kept && made != m_made.rend(); ++made)
        std::filesystem::remove(*made, ignored); // removes only what is empty
}

Result<void> BatchFolder::make()
{
    std::filesystem::path grown;
    for (const auto &part : std::filesystem::path(m_path)) {
        grown /= part;
        std::error_code error;
        if (std::filesystem::is_directory(grown, error))
            continue;
        if (std::filesystem::create_directory(grown, error))
            m_made.push_back(grown);
        else if (error)
            return tl::unexpected(Error{ErrorKind::Io, m_path, std::nullopt, "cannot be made: " + error.message()});
    }
    return {};
}

std::string BatchFolder::file(std::string_view name) const { return (std::filesystem::path(m_path) / name).string(); }

} // namespace quantscope
