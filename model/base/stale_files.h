#pragma once

#include <string>

namespace quantscope {

/// What every temporary name begins with; writerMark() and '-' follow.
inline constexpr const char *kTemporaryFile = ".quantscope-", *kTemporaryFolder = "quantscope-";

/// Removes what processes that were ended left in a folder under temporary names, once a process and folder; nothing
/// that a living process, another machine or another user writes, and nothing whose writer the name does not tell.
void clearStaleFiles(const std::string &folder);
/// The same of temporary folders, with all that is in them.
void clearStaleFolders(const std::string &folder);

} // namespace quantscope
