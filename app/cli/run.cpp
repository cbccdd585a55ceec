#include "run.h"

#include "commands.h"
#include "compare_on_data.h"
#include "recipe/recipe.h"
#include "report/json_text.h"
#include "report/run_report.h"
#include "run/data_range.h"
#include "run/npz_writer.h"
#include "run/run_choices.h"
#include "run/run_client.h"
#include "terminal_progress.h"

#include <cstdio>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace quantscope::cli {

namespace {

RunRequest requestOf(const RunArguments &arguments)
{
    RunRequest out;
    out.model = {arguments.file, arguments.recipe, arguments.part, arguments.quantInfo, {}};
    out.data = {arguments.data, arguments.labels, arguments.limit};
    out.with = arguments.with;
    out.allFloat = arguments.allFloat;
    out.layerOutputs = arguments.layers;
    return out;
}

/// What is wrong with the words themselves is said before anything starts.
Result<void> checkWords(const RunArguments &arguments)
{
    const auto wrong = [](std::string message) {
        return tl::unexpected(Error{ErrorKind::Usage, "", std::nullopt, std::move(message)});
    };
    if (arguments.limit && *arguments.limit == 0)
        return wrong("--limit 0 runs nothing: it is the number of samples");
    for (const std::string &text : arguments.with)
        if (const auto choice = parseRunChoice(text); !choice)
            return tl::unexpected(choice.error());
    return {};
}

/// The file is the model, its recipe, the data or their labels.
bool isRead(const RunArguments &arguments, const std::string &path)
{
    const auto same = [&](std::string read) {
        std::error_code notThere;
        if (std::filesystem::equivalent(read, path, notThere))
            return true;
        const std::size_t key = read.rfind(':'); // of FILE.npz:KEY
        return key != std::string::npos && std::filesystem::equivalent(read.substr(0, key), path, notThere);
    };
    const auto beside = recipeBeside(arguments.file);
    return same(arguments.file) || same(arguments.data) || (arguments.labels && same(*arguments.labels))
        || (arguments.recipe && same(*arguments.recipe)) || (arguments.quantInfo && same(*arguments.quantInfo))
        || (beside && same(*beside));
}

} // namespace

int run(const RunArguments &arguments)
{
    if (const auto words = checkWords(arguments); !words)
        return report(words.error());
    if (arguments.layers && !arguments.save)
        std::fputs("quantscope: --layers does nothing without --save, which names the file to write\n", stderr);
    std::optional<NpzWriter> writer;
    if (arguments.save && isRead(arguments, *arguments.save))
        return report(
            Error{ErrorKind::Usage, *arguments.save, std::nullopt, "is read here: name another file for --save"});
    if (arguments.save) {
        auto created = NpzWriter::create(*arguments.save);
        if (!created)
            return report(created.error());
        writer = std::move(*created);
    }
    const ArraySink sink = [&](const ArrayMessage &piece) { writer->add(piece.name, piece.shape, piece.values); };
    RunClient client(clientOptions(arguments.memory));
    const Progress progress = progressOnTerminal("running");
    const auto request = withDataRanges(client, requestOf(arguments), progress);
    const auto result = request ? client.run(*request, progress, writer ? sink : ArraySink())
                                : Result<RunResult>(tl::unexpected(request.error()));
    clearTerminalLine();
    if (!result)
        return report(result.error(), arguments.file);
    if (writer && !result->stopped)
        if (const auto saved = writer->commit(); !saved)
            return report(saved.error());
    print(arguments.json ? jsonText(runJson(arguments.file, *result)) : runText(arguments.file, *result));
    return result->stopped ? report(Error{ErrorKind::Io, arguments.file, std::nullopt, *result->stopped}) : 0;
}

} // namespace quantscope::cli
