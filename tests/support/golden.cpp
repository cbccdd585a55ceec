#include "support/golden.h"

#include <cstdlib>
#include <fstream>

namespace quantscope::test {

nlohmann::json golden(const std::string &path)
{
    std::ifstream in(path);
    return in ? nlohmann::json::parse(in, nullptr, false) : nlohmann::json();
}

std::vector<float> hexFloats(const nlohmann::json &texts)
{
    std::vector<float> out;
    for (const nlohmann::json &text : texts)
        out.push_back(std::strtof(text.get<std::string>().c_str(), nullptr));
    return out;
}

} // namespace quantscope::test
