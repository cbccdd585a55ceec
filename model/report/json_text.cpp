#include "report/json_text.h"

namespace quantscope {

std::string jsonText(const nlohmann::ordered_json &document)
{
    return document.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

} // namespace quantscope
