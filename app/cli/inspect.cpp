#include "inspect.h"

#include "commands.h"
#include "open/open_network.h"
#include "report/inspect.h"
#include "report/inspect_json.h"
#include "report/json_text.h"

#include <nlohmann/json.hpp>

namespace quantscope::cli {

int run(const InspectArguments &arguments)
{
    auto network = openNetwork(
        arguments.file, arguments.recipe, arguments.options.list, {}, arguments.part, arguments.quantInfo);
    if (!network)
        return report(network.error(), arguments.file);
    const auto inspection
        = quantscope::inspect(std::make_shared<const Network>(std::move(*network)), arguments.options);
    if (!inspection)
        return report(inspection.error(), arguments.file);
    if (arguments.json)
        print(jsonText(inspectJson(*inspection, arguments.options)));
    else if (arguments.csv) {
        warnAboutRecipe(*inspection->network);
        print(inspectCsv(*inspection));
    } else
        print(inspectText(*inspection, arguments.options));
    return 0;
}

} // namespace quantscope::cli
