#include "check.h"

#include "checks/rule_table.h"
#include "commands.h"
#include "open/open_network.h"
#include "report/check_report.h"
#include "report/inspect.h"
#include "report/json_text.h"

namespace quantscope::cli {

int run(const CheckArguments &arguments)
{
    auto network = openNetwork(arguments.file, arguments.recipe, false, {}, arguments.part, arguments.quantInfo);
    if (!network)
        return report(network.error(), arguments.file);
    const auto inspection
        = quantscope::inspect(std::make_shared<const Network>(std::move(*network)), {.channels = true});
    if (!inspection)
        return report(inspection.error(), arguments.file);
    const auto accumulators = accumulatorsOf(*inspection->network);
    if (!accumulators)
        return report(accumulators.error(), arguments.file);
    const CheckResult result = check(*inspection, arguments.target(), &*accumulators);
    print(arguments.json ? jsonText(checkJson(*inspection, result, *accumulators))
                         : checkText(*inspection, result, *accumulators));
    return result.accepted() ? 0 : 1;
}

} // namespace quantscope::cli
