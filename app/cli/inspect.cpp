#include "commands.h"

#include "open/open_network.h"
#include "report/inspect.h"
#include "report/json_text.h"

#include <nlohmann/json.hpp>

namespace quantscope::cli {

int run(const InspectArguments &arguments)
{
    auto network = openNetwork(arguments.file, arguments.recipe, arguments.options.list);
    if (!network)
        return report(network.error(), arguments.file);
    StatisticsMap statistics;
    if (!arguments.options.list) {
        auto analysed = analyseNetwork(*network, arguments.options);
        if (!analysed)
            return report(analysed.error(), arguments.file);
        statistics = std::move(*analysed);
    }
    if (arguments.json)
        print(jsonText(inspectJson(*network, statistics, arguments.options)));
    else if (arguments.csv) {
        warnAboutRecipe(*network);
        print(inspectCsv(*network, statistics));
    } else
        print(inspectText(*network, statistics, arguments.options));
    return 0;
}

} // namespace quantscope::cli
