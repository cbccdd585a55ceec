#include "base/file_name.h"

namespace quantscope {

std::string fileName(std::string_view path) { return std::string(path.substr(path.find_last_of('/') + 1)); }

} // namespace quantscope
