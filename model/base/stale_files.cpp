#include "base/stale_files.h"

#include "base/writer_mark.h"

#include <filesystem>
#include <mutex>
#include <set>
#include <string_view>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace quantscope {

namespace {

bool isFirst(const char *kind, const std::string &folder)
{
    static std::mutex mutex;
    static std::set<std::string> cleared;
    const std::scoped_lock lock(mutex);
    return cleared.insert(std::string(kind) + folder).second;
}

/// Between the beginning of a temporary name and the next '-'.
bool isStale(std::string_view name, std::string_view beginning)
{
    if (!name.starts_with(beginning))
        return false;
    name.remove_prefix(beginning.size());
    const std::size_t end = name.find('-');
    return end != std::string_view::npos && isDeadWriter(name.substr(0, end));
}

std::vector<std::string> staleIn(const std::string &folder, std::string_view beginning, mode_t type)
{
    std::vector<std::string> found;
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder.empty() ? "." : folder, error), end; !error && at != end;
         at.increment(error)) {
        struct stat status { };
        const std::string path = at->path().string();
        if (isStale(at->path().filename().string(), beginning) && ::lstat(path.c_str(), &status) == 0
            && (status.st_mode & S_IFMT) == type && status.st_uid == ::geteuid())
            found.push_back(path);
    }
    return found;
}

} // namespace

void clearStaleFiles(const std::string &folder)
{
    if (isFirst(kTemporaryFile, folder))
        for (const std::string &path : staleIn(folder, kTemporaryFile, S_IFREG))
            ::unlink(path.c_str());
}

void clearStaleFolders(const std::string &folder)
{
    std::error_code ignored;
    if (isFirst(kTemporaryFolder, folder))
        for (const std::string &path : staleIn(folder, kTemporaryFolder, S_IFDIR))
            std::filesystem::remove_all(path, ignored);
}

} // namespace quantscope
