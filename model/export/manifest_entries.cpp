#include "export/manifest_entries.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace quantscope {

using Json = nlohmann::ordered_json;

std::string textOf(const Json &entry, const char *key)
{
    const auto found = entry.find(key);
    return found != entry.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool isObjects(const Json &manifest, const char *key)
{
    const auto found = manifest.find(key);
    return found != manifest.end() && found->is_array()
        && std::all_of(found->begin(), found->end(), [](const Json &entry) { return entry.is_object(); });
}

std::set<std::string> symbolsOf(const Json &file)
{
    std::set<std::string> out;
    const auto symbols = file.find("symbols");
    if (symbols != file.end() && symbols->is_array())
        for (const Json &symbol : *symbols)
            if (symbol.is_string())
                out.insert(symbol.get<std::string>());
    return out;
}

} // namespace quantscope
