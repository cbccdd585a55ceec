#include "report.h"

#include "base/atomic_file.h"
#include "base/text.h"
#include "checks/rule_table.h"
#include "commands.h"
#include "open/open_network.h"
#include "open/quant_info_beside.h"
#include "recipe/recipe.h"
#include "report/html/html_report.h"
#include "report/inspect.h"

#include <filesystem>

#include <fmt/format.h>

namespace quantscope::cli {

namespace {

Result<std::string> page(const ReportArguments &arguments)
{
    auto network = openNetwork(arguments.file, arguments.recipe, false, {}, arguments.part, arguments.quantInfo);
    if (!network)
        return tl::unexpected(network.error());
    const auto inspection
        = quantscope::inspect(std::make_shared<const Network>(std::move(*network)), {.channels = true});
    if (!inspection)
        return tl::unexpected(inspection.error());
    const auto accumulators = accumulatorsOf(*inspection->network);
    if (!accumulators)
        return tl::unexpected(accumulators.error());
    return htmlReport(*inspection, check(*inspection, arguments.target(), &*accumulators), *accumulators);
}

Result<void> writeWhole(const std::string &path, const std::string &text)
{
    auto file = AtomicFile::create(path);
    if (!file)
        return tl::unexpected(file.error());
    file->write(text);
    return file->commit();
}

} // namespace

int run(const ReportArguments &arguments)
{
    for (const auto &read : {std::optional(arguments.file), arguments.recipe, arguments.quantInfo,
             recipeBeside(arguments.file), quantInfoBeside(arguments.file)})
        if (std::error_code notThere; read && std::filesystem::equivalent(*read, arguments.html, notThere))
            return report(
                Error{ErrorKind::Usage, arguments.html, std::nullopt, "is read here: name another file for the page"});
    const auto text = page(arguments);
    if (!text)
        return report(text.error(), arguments.file);
    if (const auto written = writeWhole(arguments.html, *text); !written)
        return report(written.error(), arguments.html);
    print(fmt::format("{}  {} bytes\n", printable(arguments.html), grouped(text->size())));
    return 0;
}

} // namespace quantscope::cli
