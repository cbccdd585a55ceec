#include "support/golden.h"

#include <fstream>

namespace quantscope::test {

nlohmann::json golden(const std::string &path)
{
    std::ifstream in(path);
    return in ? nlohmann::json::parse(in, nullptr, false) : nlohmann::json();
}

} // namespace quantscope::test
